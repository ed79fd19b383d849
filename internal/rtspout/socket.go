package rtspout

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// writeTimeout cuts a viewer for which the kernel takes nothing any more.
	writeTimeout = 5 * time.Second
	// sendBuffer bounds what the kernel takes for a viewer that does not read;
	// it is 100 ms of a 20 Mbit/s stream.
	sendBuffer = 256 << 10
	// stallTimeout is how long the kernel keeps what a viewer does not take. A
	// stream of few bits would need half a minute to fill the send buffer.
	stallTimeout = 8 * time.Second
)

// listener hands out sockets.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// What fails here fails again, and is seen, with the first read.
		_ = tcp.SetWriteBuffer(sendBuffer)
		_ = setStallTimeout(tcp, stallTimeout)
	}
	return &socket{Conn: conn}, nil
}

// socket is a viewer's connection. It remembers that the kernel gave the viewer
// up, which the library reports as any other end.
type socket struct {
	net.Conn
	stalled atomic.Bool
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if errors.Is(err, syscall.ETIMEDOUT) {
		s.stalled.Store(true)
	}
	return n, err
}

// socketOf finds the socket under a connection, which may be a TLS one. RTSP
// tunnelled through HTTP runs over two sockets; it counts as one of its own.
func socketOf(conn net.Conn) *socket {
	if outer, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = outer.NetConn()
	}
	if s, ok := conn.(*socket); ok {
		return s
	}
	return &socket{Conn: conn}
}
