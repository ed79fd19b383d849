package client

import (
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/nvpipe/nvpipe/internal/listen"
)

// Endpoint is the address of one server.
type Endpoint struct {
	// Address is host:port.
	Address string
	// Secure: over TLS.
	Secure bool
}

// endpointForm is what an endpoint must look like.
const endpointForm = "must be grpc://host:port, or grpcs://host:port for TLS"

// ParseEndpoint reads grpc://host:port or grpcs://host:port. The error says
// what is allowed and does not repeat text, which may have a password in it.
func ParseEndpoint(text string) (Endpoint, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "grpc" && u.Scheme != "grpcs" {
		return Endpoint{}, fmt.Errorf("%s", endpointForm)
	}
	if u.User != nil {
		return Endpoint{}, fmt.Errorf("%s, without user and password: a token goes into `token`", endpointForm)
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return Endpoint{}, fmt.Errorf("%s, with nothing behind the port", endpointForm)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || u.Hostname() == "" {
		return Endpoint{}, fmt.Errorf("%s, with a port of 1–65535: that of the server's gRPC, which is 8001 for Triton unless it was changed", endpointForm)
	}
	return Endpoint{Address: net.JoinHostPort(u.Hostname(), u.Port()), Secure: u.Scheme == "grpcs"}, nil
}

// String is the endpoint as it is configured.
func (e Endpoint) String() string {
	if e.Secure {
		return "grpcs://" + e.Address
	}
	return "grpc://" + e.Address
}

// Local: what is sent there does not leave the machine.
func (e Endpoint) Local() bool {
	host, _, err := net.SplitHostPort(e.Address)
	return err == nil && listen.Loopback(host)
}
