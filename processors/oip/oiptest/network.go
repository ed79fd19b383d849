package oiptest

import (
	"context"
	"net"
	"sync"
	"syscall"

	"google.golang.org/grpc/test/bufconn"
)

// Network is a network in memory. The zero value is empty.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	holes     map[string]bool
}

// listener leaves the network when it is closed.
type listener struct {
	*bufconn.Listener
	leave func()
}

func (l *listener) Close() error {
	l.leave()
	return l.Listener.Close()
}

// Listen takes the address, host:port.
func (n *Network) Listen(address string) net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	l := &listener{Listener: bufconn.Listen(1 << 20)}
	l.leave = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.listeners[address] == l {
			delete(n.listeners, address)
		}
	}
	n.listeners[address] = l
	return l
}

// Dial connects to an address, or is refused as by a machine on which nobody
// listens.
func (n *Network) Dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l, hole := n.listeners[address], n.holes[address]
	n.mu.Unlock()
	if hole {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
	return l.DialContext(ctx)
}

// Hole makes an address one that never answers, as behind a firewall.
func (n *Network) Hole(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.holes == nil {
		n.holes = map[string]bool{}
	}
	n.holes[address] = true
}
