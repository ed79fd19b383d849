package rtspout

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// setStallTimeout limits how long sent data may stay unacknowledged, or unsent
// because the receiver has no room (tcp(7), TCP_USER_TIMEOUT).
func setStallTimeout(conn *net.TCPConn, d time.Duration) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
