package rtspcam

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// writeLimit is how long a connection takes data from the server and passes
// none on before it breaks, stalls not counted.
const writeLimit = 10 * time.Second

// link is the cable between a device and its clients: every TCP connection of
// the device goes through it, so that it can stall, slow down or be cut.
type link struct {
	mu     sync.Mutex
	conns  map[*linkConn]bool
	faults Faults
	open   chan struct{} // closed while data flows
}

func newLink(f Faults) *link {
	l := &link{conns: map[*linkConn]bool{}, open: make(chan struct{})}
	close(l.open)
	l.set(f)
	return l
}

func (l *link) set(f Faults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.faults.Stalled
	l.faults = f
	switch {
	case f.Stalled && !was:
		l.open = make(chan struct{})
	case was && !f.Stalled:
		close(l.open)
		for c := range l.conns {
			if c.ended() { // the news of it could not get through
				l.cut(c)
			}
		}
	}
}

func (l *link) current() Faults {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.faults
}

// cut closes a connection's socket; with mu locked.
func (l *link) cut(c *linkConn) {
	delete(l.conns, c)
	c.Conn.Close()
}

// hangUp ends the server's part of every connection, so that nothing waits for
// the end of a stall.
func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.end()
	}
}

// closeAll closes every socket that is still open.
func (l *link) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		l.cut(c)
	}
}

// reset cuts every connection with RST instead of FIN, where it is one of TCP.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // fails only on a closed socket
		}
		l.cut(c)
	}
}

// wait returns when data flows, or false when the connection ends before.
func (l *link) wait(c *linkConn) bool {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	select {
	case <-open:
		return !c.ended()
	case <-c.done:
		return false
	}
}

// linkListener hands out connections that go through a link.
type linkListener struct {
	net.Listener
	link *link
}

func (l linkListener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &linkConn{Conn: inner, link: l.link, done: make(chan struct{})}
	l.link.mu.Lock()
	defer l.link.mu.Unlock()
	l.link.conns[c] = true
	return c, nil
}

// linkConn is one connection of a device, seen from the device.
type linkConn struct {
	net.Conn
	link *link
	once sync.Once
	done chan struct{} // closed when the server has closed it

	writing sync.Mutex // keeps what is written in parts together
}

func (c *linkConn) end() { c.once.Do(func() { close(c.done) }) }

func (c *linkConn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Close ends the server's part at once, the socket not before data flows.
func (c *linkConn) Close() error {
	c.end()
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if !c.link.faults.Stalled {
		c.link.cut(c)
	}
	return nil
}

func (c *linkConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.link.wait(c) { // also what came before the stall may wait
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *linkConn) Write(p []byte) (int, error) {
	if !c.link.wait(c) {
		return 0, net.ErrClosed
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	f := c.link.current()
	if f.ForeignSSRC && isRTP(p) {
		if err := c.pass(foreign(p), f.BytesPerSecond); err != nil {
			return 0, err
		}
	}
	if err := c.pass(p, f.BytesPerSecond); err != nil {
		return 0, err
	}
	return len(p), nil
}

// pass writes p to the socket, rate bytes a second; 0: as fast as it takes it.
func (c *linkConn) pass(p []byte, rate int) error {
	const tick = 50 * time.Millisecond
	for len(p) > 0 {
		n := len(p)
		if rate > 0 {
			n = min(n, max(1, rate*int(tick)/int(time.Second)))
		}
		// The server's deadline is from before a stall, or for all of a trickle.
		if err := c.Conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
			return err
		}
		if _, err := c.Conn.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
		if rate > 0 && !c.pause(time.Duration(n)*time.Second/time.Duration(rate)) {
			return net.ErrClosed
		}
	}
	return nil
}

func (c *linkConn) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.done:
		return false
	}
}

// An interleaved frame (RFC 2326 10.12) is '$', the channel, even for RTP, and
// the length of the packet that follows.
const interleavedHeader, rtpHeader = 4, 12

func isRTP(frame []byte) bool {
	return len(frame) >= interleavedHeader+rtpHeader && frame[0] == '$' && frame[1]%2 == 0
}

// foreign is a copy of an interleaved RTP packet as another stream's: with
// another SSRC, and a sequence number and a time far away.
func foreign(frame []byte) []byte {
	frame = append([]byte(nil), frame...)
	p := frame[interleavedHeader:]
	for i, b := range p[2:rtpHeader] {
		p[2+i] = b ^ 0x5a
	}
	return frame
}

// early is an interleaved RTP packet of no stream of the camera's: an empty
// H.264 access unit delimiter.
func early() []byte {
	p := make([]byte, rtpHeader, rtpHeader+2)
	p[0], p[1] = 2<<6, 96
	p = append(p, 0x09, 0xf0)
	frame := []byte{'$', 0, 0, 0}
	binary.BigEndian.PutUint16(frame[2:], uint16(len(p)))
	return append(frame, p...)
}

// inject puts an interleaved frame between what the server writes.
func (c *linkConn) inject(frame []byte) error {
	_, err := c.Write(frame)
	return err
}
