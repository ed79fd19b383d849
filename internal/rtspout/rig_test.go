package rtspout

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

// rig is a started server with what it has called.
type rig struct {
	*Server
	t   *testing.T
	net *rtsptest.Net

	mu      sync.Mutex
	events  []Event
	demands int
	slates  [][2]int // sizes asked for
}

// virtual starts a server that is reached without sockets, for virtual time.
func virtual(t *testing.T, change func(*Config)) *rig {
	cfg := DefaultConfig()
	cfg.UDP = false
	if change != nil {
		change(&cfg)
	}
	r := &rig{t: t, net: &rtsptest.Net{}}
	r.Server = New(cfg, r.hooks())
	r.Server.listen = r.net.Listen
	r.start()
	return r
}

func (r *rig) start() {
	r.t.Helper()
	if err := r.cfg.Validate(); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.stop)
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) hooks() Hooks {
	return Hooks{
		OnDemand: func(frame.FeedID) { r.mu.Lock(); r.demands++; r.mu.Unlock() },
		OnEvent:  func(e Event) { r.mu.Lock(); r.events = append(r.events, e); r.mu.Unlock() },
		NoSignal: func(w, h int) ([]frame.Packet, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.slates = append(r.slates, [2]int{w, h})
			return slates, nil
		},
	}
}

// slates stand in for the "no signal" pictures: the clip's two keyframes,
// which a test can tell from its own packets by their last bytes.
var slates = func() []frame.Packet {
	var pictures []frame.Packet
	for _, p := range testclip.Packets() {
		if p.Keyframe {
			p.Data = append(append([]byte(nil), p.Data...), 0x51, 0xa7, 0xe0)
			pictures = append(pictures, p)
		}
	}
	return pictures
}()

func (r *rig) stream(feed frame.FeedID) *Stream {
	r.t.Helper()
	st, err := r.Stream(feed)
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

func (r *rig) viewer(feed frame.FeedID) *rtsptest.Client {
	r.t.Helper()
	return rtsptest.TCP(r.t, r.net, r.URL(feed)).MustPlay()
}

func (r *rig) count(kind EventKind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// feeder writes the clip to a stream as a feed would, 15 pictures a second.
type feeder struct {
	to      *Stream
	packets []frame.Packet
	n       int
	shift   time.Duration // of PTS
	start   time.Time     // PTS 0
}

func newFeeder(to *Stream) *feeder {
	return &feeder{to: to, packets: testclip.Packets(), start: time.Now()}
}

func (f *feeder) picture(i int) frame.Packet {
	p := f.packets[i%len(f.packets)]
	pts := time.Duration(i) * time.Second / testclip.FPS
	p.PTS, p.Captured = pts+f.shift, f.start.Add(pts)
	return p
}

// write hands over n pictures, each at its time.
func (f *feeder) write(n int) {
	for range n {
		p := f.picture(f.n)
		time.Sleep(time.Until(p.Captured))
		f.to.Write(p)
		f.n++
	}
}

// skip lets pictures pass that the camera does not deliver.
func (f *feeder) skip(n int) { f.n += n }
