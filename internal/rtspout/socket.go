package rtspout

import (
	"crypto/tls"
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

// listener hands out sockets, with TLS ended in them if there is a config.
//
// TLS ends here and not in the RTSP library, which would then offer SRTP, that
// players know less well, instead of plain RTP inside the encrypted connection.
type listener struct {
	net.Listener
	tls *tls.Config
}

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
	if l.tls != nil {
		conn = tls.Server(conn, l.tls)
	}
	return &socket{Conn: conn}, nil
}

// socket is a viewer's connection.
type socket struct {
	net.Conn
	// stalled: the kernel gave the viewer up, which the library reports as any
	// other end.
	stalled atomic.Bool
	// head is the beginning of what the viewer says.
	head []byte
}

var errHTTP = errors.New("RTSP through HTTP is not offered")

// Read refuses HTTP. The library would take RTSP through HTTP and WebSocket
// from any origin, so that a web page, opened by somebody on this machine,
// could show cameras which are meant for this machine only.
func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if errors.Is(err, syscall.ETIMEDOUT) {
		s.stalled.Store(true)
	}
	if missing := 4 - len(s.head); missing > 0 {
		s.head = append(s.head, b[:min(n, missing)]...)
		if h := string(s.head); h == "GET " || h == "POST" {
			return 0, errHTTP
		}
	}
	return n, err
}
