//go:build !linux

package rtspout

import (
	"net"
	"time"
)

// Elsewhere a stalled viewer is found when its send buffer is full.
func setStallTimeout(*net.TCPConn, time.Duration) error { return nil }
