package rtspcam

import (
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/nvpipe/nvpipe/internal/rtspcam/memnet"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// got is one access unit as a client has received it.
type got struct {
	nalus     [][]byte
	timestamp uint32
	wall      time.Time // by sender reports; zero: not known
	at        time.Time
}

// client reads the H.264 track of a camera.
type client struct {
	*gortsplib.Client
	t     *testing.T
	units chan got
	desc  *description.Session

	mu      sync.Mutex
	reports []rtcp.SenderReport
	lost    uint64
}

func newClient(t *testing.T, url string, c *gortsplib.Client) *client {
	u, err := base.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c.Scheme, c.Host = u.Scheme, u.Host
	cl := &client{Client: c, t: t, units: make(chan got, 4096)}
	c.OnPacketsLost = func(n uint64) { cl.mu.Lock(); cl.lost += n; cl.mu.Unlock() }
	c.OnDecodeError = func(error) {}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return cl
}

// play describes, sets up the medias that wanted chooses (nil: all) and plays.
func (c *client) play(url string, wanted func(*description.Media) bool) error {
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	if c.desc, _, err = c.Describe(u); err != nil {
		return err
	}
	for _, m := range c.desc.Medias {
		if wanted != nil && !wanted(m) {
			continue
		}
		if _, err := c.Setup(c.desc.BaseURL, m, 0, 0); err != nil {
			return err
		}
		for _, f := range m.Formats {
			if h, ok := f.(*format.H264); ok {
				c.receive(m, h)
			}
		}
	}
	_, err = c.Play(nil)
	return err
}

func (c *client) receive(m *description.Media, f *format.H264) {
	decoder, err := f.CreateDecoder()
	if err != nil {
		c.t.Fatal(err)
	}
	c.OnPacketRTCP(m, func(p rtcp.Packet) {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			c.mu.Lock()
			c.reports = append(c.reports, *sr)
			c.mu.Unlock()
		}
	})
	c.OnPacketRTP(m, f, func(p *rtp.Packet) {
		nalus, err := decoder.Decode(p)
		if err != nil {
			return
		}
		wall, _ := c.PacketNTP(m, p)
		select {
		case c.units <- got{nalus, p.Timestamp, wall, time.Now()}:
		default:
		}
	})
}

// next waits for an access unit.
func (c *client) next() got {
	c.t.Helper()
	select {
	case u := <-c.units:
		return u
	case <-time.After(20 * time.Second):
		c.t.Fatal("no access unit in 20 s")
		panic("unreachable")
	}
}

func (g got) annexB() []byte { return rtpcast.AnnexB(g.nalus...) }

func (g got) keyframe() bool {
	for _, u := range g.nalus {
		if H264.IsKeyframe(u) {
			return true
		}
	}
	return false
}

func tcp() *gortsplib.Client {
	p := gortsplib.ProtocolTCP
	return &gortsplib.Client{Protocol: &p}
}

func tcpOver(n *memnet.Net) *gortsplib.Client {
	c := tcp()
	c.DialContext = n.DialContext
	return c
}

func udp() *gortsplib.Client {
	p := gortsplib.ProtocolUDP
	return &gortsplib.Client{Protocol: &p}
}
