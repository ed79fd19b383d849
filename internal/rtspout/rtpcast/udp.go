package rtpcast

import (
	"fmt"
	"net"
	"strconv"

	"github.com/bluenviron/gortsplib/v5"
)

// UDPPair is a pair of UDP sockets on an even port and the next one, for RTP
// and RTCP.
type UDPPair struct {
	conns [2]net.PacketConn
	taken int
}

// ListenUDPPair opens a pair on host. port is the even port of the pair; 0
// takes any free pair.
func ListenUDPPair(host string, port int) (*UDPPair, error) {
	// The kernel gives out single ports; about every second one is even and
	// has a free neighbour.
	const attempts = 64
	var err error
	for range attempts {
		var rtp, rtcp net.PacketConn
		if rtp, err = listenUDP(host, port); err != nil {
			return nil, err
		}
		got := rtp.LocalAddr().(*net.UDPAddr).Port
		if got%2 == 0 {
			if rtcp, err = listenUDP(host, got+1); err == nil {
				return &UDPPair{conns: [2]net.PacketConn{rtp, rtcp}}, nil
			}
		}
		rtp.Close()
		if port != 0 {
			break
		}
	}
	if err == nil {
		err = fmt.Errorf("port %d is odd", port)
	}
	return nil, fmt.Errorf("no pair of UDP ports on %s: %w", host, err)
}

func listenUDP(host string, port int) (net.PacketConn, error) {
	return net.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(port)))
}

// Install makes server use the pair; to be called before it is started.
func (p *UDPPair) Install(server *gortsplib.Server) {
	// The server wants two addresses before it asks for sockets; it gets ours
	// whatever they say.
	server.UDPRTPAddress, server.UDPRTCPAddress = "127.0.0.1:2", "127.0.0.1:3"
	server.ListenPacket = func(string, string) (net.PacketConn, error) {
		if p.taken == len(p.conns) {
			return nil, fmt.Errorf("no more than two UDP sockets")
		}
		p.taken++
		return p.conns[p.taken-1], nil
	}
}

// CloseUnused closes what the server has not taken; to be deferred around the
// server's start. What it has taken it closes itself.
func (p *UDPPair) CloseUnused() {
	for _, c := range p.conns[p.taken:] {
		c.Close()
	}
}
