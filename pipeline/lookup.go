package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// lookupLimit bounds the search for a camera's address.
const lookupLimit = 5 * time.Second

// findHost looks a camera's name up before a graph is built, because the graph
// cannot tell a name that nobody knows from a camera that is off. The name
// itself goes on to the graph: the camera sees it in requests, and its
// certificate is checked against it.
func (f *Feed) findHost(ctx context.Context, source Source) error {
	host := source.RTSP.host()
	if f.settings.LookupHost == nil || host == "" || isIP(host) {
		return nil
	}
	ctx, cancel := f.stopInput.unless(ctx)
	defer cancel()
	within, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	if _, err := f.settings.LookupHost(within, host); err != nil {
		return &Error{ReasonUnreachable, lookupError(host, err)}
	}
	return nil
}

func lookupError(host string, err error) error {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case ok && dns.IsNotFound:
		return fmt.Errorf("host not found: nobody knows the name %s", host)
	case errors.Is(err, context.DeadlineExceeded), ok && dns.IsTimeout:
		return fmt.Errorf("host not found: no answer to the name %s within %v", host, lookupLimit)
	}
	return fmt.Errorf("host not found: %s: %w", host, err)
}

// host is the camera's name or address, without port and brackets; empty for
// another kind of source.
func (r RTSP) host() string {
	_, rest, _ := cutScheme(r.URL)
	at := address.FindStringSubmatch(rest)
	if at == nil {
		return ""
	}
	return strings.Trim(at[1], "[]")
}
