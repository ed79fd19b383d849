// Package listen is what every server of the program says about its address:
// whether other machines reach it, and what to do when it cannot be had.
package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// Loopback reports whether only this machine reaches the host. A name other
// than localhost may lead anywhere.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Failed is the error of a server that cannot listen: which server, on which
// address, why, and what to do. key is the config key of the address.
func Failed(server, key, address string, err error) error {
	advice := "choose another address in " + key
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = "end the program that has the port, or choose another one in " + key
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		advice = "this machine does not have that address; choose one it has in " + key
	case errors.Is(err, syscall.EACCES):
		advice = "ports below 1024 need a privilege; choose a higher one in " + key
	}
	return fmt.Errorf("%s cannot listen on %s: %w; %s", server, address, err, advice)
}
