// Package rtsptest has what tests of RTSP servers need: a client that hands out
// access units, and a network in memory for virtual time.
package rtsptest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// Unit is one access unit as a client has received it.
type Unit struct {
	// NALUs are its NAL units; of JPEG, the one picture.
	NALUs [][]byte
	// Timestamp is the RTP timestamp.
	Timestamp uint32
	// Wall is the capture time by sender reports; zero while none has come.
	Wall time.Time
	// At is when it came.
	At time.Time
}

// AnnexB is the unit with start codes.
func (u Unit) AnnexB() []byte { return rtpcast.AnnexB(u.NALUs...) }

// Keyframe reports whether an H.264 decoder can start here.
func (u Unit) Keyframe() bool { return slices.ContainsFunc(u.NALUs, rtpcast.H264.IsKeyframe) }

// Client plays one URL and hands out the access units of its video. What it
// sets up beside that it reads and drops.
type Client struct {
	*gortsplib.Client
	Desc *description.Session

	t     *testing.T
	url   string
	units chan Unit

	mu      sync.Mutex
	reports []rtcp.SenderReport
	lost    uint64
}

// TCP is a client over TCP, through net if it is not nil.
func TCP(t *testing.T, net *Net, url string) *Client {
	p := gortsplib.ProtocolTCP
	c := &gortsplib.Client{Protocol: &p}
	if net != nil {
		c.DialContext = net.DialContext
	}
	return newClient(t, url, c)
}

// UDP is a client over UDP.
func UDP(t *testing.T, url string) *Client {
	p := gortsplib.ProtocolUDP
	return newClient(t, url, &gortsplib.Client{Protocol: &p})
}

func newClient(t *testing.T, url string, inner *gortsplib.Client) *Client {
	t.Helper()
	c := &Client{Client: inner, t: t, url: url, units: make(chan Unit, 4096)}
	inner.OnPacketsLost = func(n uint64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lost += n
	}
	inner.OnDecodeError = func(error) {}
	t.Cleanup(inner.Close)
	return c
}

// Play describes, sets up the media that wanted chooses (nil: all) and plays.
func (c *Client) Play(wanted func(*description.Media) bool) error {
	u, err := base.ParseURL(c.url)
	if err != nil {
		return err
	}
	c.Scheme, c.Host = u.Scheme, u.Host
	if err := c.Start(); err != nil {
		return err
	}
	if c.Desc, _, err = c.Describe(u); err != nil {
		return err
	}
	for _, m := range c.Desc.Medias {
		if wanted != nil && !wanted(m) {
			continue
		}
		if _, err := c.Setup(c.Desc.BaseURL, m, 0, 0); err != nil {
			return err
		}
		if m.Type == description.MediaTypeVideo {
			if err := c.receive(m); err != nil {
				return err
			}
		}
	}
	_, err = c.Client.Play(nil)
	return err
}

// MustPlay is Play of everything, or the test ends.
func (c *Client) MustPlay() *Client {
	c.t.Helper()
	if err := c.Play(nil); err != nil {
		c.t.Fatal(err)
	}
	return c
}

type decode func(*rtp.Packet) ([][]byte, error)

func decoder(f format.Format) (decode, error) {
	switch f := f.(type) {
	case *format.H264:
		d, err := f.CreateDecoder()
		return func(p *rtp.Packet) ([][]byte, error) { return d.Decode(p) }, err
	case *format.H265:
		d, err := f.CreateDecoder()
		return func(p *rtp.Packet) ([][]byte, error) { return d.Decode(p) }, err
	case *format.MJPEG:
		d, err := f.CreateDecoder()
		return func(p *rtp.Packet) ([][]byte, error) {
			picture, err := d.Decode(p)
			return [][]byte{picture}, err
		}, err
	}
	return nil, fmt.Errorf("video of format %s", f.Codec())
}

func (c *Client) receive(m *description.Media) error {
	f := m.Formats[0]
	decode, err := decoder(f)
	if err != nil {
		return err
	}
	c.OnPacketRTCP(m, func(p rtcp.Packet) {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reports = append(c.reports, *sr)
		}
	})
	c.OnPacketRTP(m, f, func(p *rtp.Packet) {
		nalus, err := decode(p)
		if err != nil { // more packets are needed, or some are missing
			return
		}
		wall, _ := c.PacketNTP(m, p)
		select {
		case c.units <- Unit{nalus, p.Timestamp, wall, time.Now()}:
		default: // nobody takes them; never hold the connection back
		}
	})
	return nil
}

// Next waits for an access unit, for up to a minute.
func (c *Client) Next() Unit {
	c.t.Helper()
	if u, ok := c.Within(time.Minute); ok {
		return u
	}
	c.t.Fatal("no access unit in a minute")
	return Unit{}
}

// Within waits for an access unit for at most d.
func (c *Client) Within(d time.Duration) (Unit, bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case u := <-c.units:
		return u, true
	case <-timer.C:
		return Unit{}, false
	}
}

// Received are the access units that have come and not been taken yet.
func (c *Client) Received() []Unit {
	var units []Unit
	for {
		select {
		case u := <-c.units:
			units = append(units, u)
		default:
			return units
		}
	}
}

// Reports are the video's sender reports so far.
func (c *Client) Reports() []rtcp.SenderReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.reports)
}

// Lost is how many RTP packets are missing.
func (c *Client) Lost() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}
