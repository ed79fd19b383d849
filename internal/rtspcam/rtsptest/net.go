package rtsptest

import (
	"context"
	"net"
	"sync"
)

// Net is a network of one listener without sockets, for tests in virtual time:
// goroutines that wait on it count as durably blocked for testing/synctest,
// which those in the network poller do not. The zero value is ready.
type Net struct {
	mu       sync.Mutex
	listener *listener
}

// Listen has the signature of net.Listen; the address is remembered, not used.
func (n *Net) Listen(_, address string) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil && n.listener.open() {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: addr, Err: net.ErrClosed}
	}
	n.listener = &listener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
	return n.listener, nil
}

// DialContext has the signature of net.Dialer.DialContext and reaches the
// listener, whatever the address. Nothing is buffered between the two ends.
func (n *Net) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listener
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
	if l == nil {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case l.conns <- conn{server, l.addr}:
		return conn{client, l.addr}, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type listener struct {
	addr   *net.TCPAddr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) open() bool {
	select {
	case <-l.closed:
		return false
	default:
		return true
	}
}

// conn says it is TCP: the RTSP library insists on TCP addresses.
type conn struct {
	net.Conn
	addr *net.TCPAddr
}

func (c conn) LocalAddr() net.Addr  { return c.addr }
func (c conn) RemoteAddr() net.Addr { return c.addr }
