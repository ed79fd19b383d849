package pipeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

// site is many feeds of one program, with a ramp.
type site struct {
	t     *testing.T
	ramp  *pipeline.Ramp
	feeds []*pipeline.Feed
	graph []*graphtest.Builder
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu         sync.Mutex
	connecting map[frame.FeedID]bool
	most       int // connecting at once
	queued     map[frame.FeedID]bool
	live       map[frame.FeedID]time.Time
}

// onEvent keeps the books of who is connecting.
func (s *site) onEvent(e pipeline.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Type != pipeline.StateChanged {
		return
	}
	delete(s.connecting, e.Feed)
	switch {
	case e.To == pipeline.Connecting && e.Reason == pipeline.ReasonQueued:
		s.queued[e.Feed] = true
	case e.To == pipeline.Connecting:
		s.connecting[e.Feed] = true
		s.most = max(s.most, len(s.connecting))
	case e.To == pipeline.Live:
		s.live[e.Feed] = e.At
	}
}

// behaviour is what becomes of the n-th feed's connections.
type behaviour func(n int, g *graphtest.Graph)

// answers is a camera whose first frame comes after d.
func answers(d time.Duration) behaviour {
	return func(_ int, g *graphtest.Graph) {
		time.Sleep(d)
		for g.Frame() {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func newSite(t *testing.T, feeds int, b behaviour) *site {
	s := &site{
		t: t, ramp: pipeline.NewRamp(pipeline.DefaultRamp),
		connecting: map[frame.FeedID]bool{}, queued: map[frame.FeedID]bool{}, live: map[frame.FeedID]time.Time{},
	}
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	for n := range feeds {
		builder := &graphtest.Builder{}
		s.graph = append(s.graph, builder)
		feed, err := pipeline.New(frame.FeedID(fmt.Sprintf("f%03d", n)), pipeline.DefaultConfig(), pipeline.Settings{
			Source: camera(), Ramp: s.ramp, OnEvent: s.onEvent,
			Build: func(src pipeline.Source, gs pipeline.GraphSettings, h pipeline.GraphHandler) (pipeline.Graph, error) {
				g, err := builder.Build(src, gs, h)
				s.wg.Go(func() { b(n, g.(*graphtest.Graph)) })
				return g, err
			},
			Random: rand.Float64,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.feeds = append(s.feeds, feed)
		s.wg.Go(func() { _ = feed.Run(ctx) })
	}
	t.Cleanup(s.end)
	return s
}

func (s *site) end() {
	s.stop()
	s.wg.Wait()
	if n, w := s.ramp.Connecting(), s.ramp.Waiting(); n != 0 || w != 0 {
		s.t.Errorf("after the end %d turns are taken and %d feeds wait", n, w)
	}
}

// alive is how many feeds are live now.
func (s *site) alive() int {
	n := 0
	for _, f := range s.feeds {
		if f.Status().State == pipeline.Live {
			n++
		}
	}
	return n
}

// A hundred cameras that take a second each are all there within 15 s, eight at
// a time, and those that wait say so.
func TestFault15_HundredCamerasAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, 100, answers(time.Second))
		synctest.Wait()
		if n, w := s.ramp.Connecting(), s.ramp.Waiting(); n != 8 || w != 92 {
			t.Errorf("%d connect and %d wait, want 8 and 92", n, w)
		}
		if st := s.feeds[0].Status().State; st != pipeline.Connecting {
			t.Errorf("the first is %v", st)
		}
		time.Sleep(15 * time.Second)
		if n := s.alive(); n != 100 {
			t.Errorf("%d of 100 are live after 15 s", n)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.most != 8 {
			t.Errorf("up to %d connected at once, want 8", s.most)
		}
		if len(s.queued) != 92 {
			t.Errorf("%d said that they were queued, want 92", len(s.queued))
		}
	})
}

// Two hundred cameras of which half are off: the others are there soon, and one
// that breaks off is back at once, although the dead ones try all the time.
func TestFault15_HalfOfThemAreOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, 200, func(n int, g *graphtest.Graph) {
			if n%2 == 1 {
				return // never answers
			}
			answers(200*time.Millisecond)(n, g)
		})
		time.Sleep(40 * time.Second)
		if n := s.alive(); n != 100 {
			t.Errorf("%d of 100 are live after 40 s", n)
		}
		time.Sleep(2 * time.Minute)
		s.graph[10].Last().EOS()
		time.Sleep(4 * time.Second)
		if st := s.feeds[10].Status(); st.State != pipeline.Live || st.Restarts != 1 {
			t.Errorf("4 s after it broke off: %v (%s), %d restarts", st.State, st.Reason, st.Restarts)
		}
	})
}

// A switch reboots, and with it all cameras: nobody answers its ARP requests for
// a minute, then all are there.
func TestFault14_AllCamerasReturnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off atomic.Bool
		s := newSite(t, 64, func(n int, g *graphtest.Graph) {
			if off.Load() {
				time.Sleep(3100 * time.Millisecond)
				g.Fail(pipeline.ReasonUnreachable, "no route to host")
				return
			}
			answers(300*time.Millisecond)(n, g)
		})
		time.Sleep(time.Minute)
		off.Store(true)
		for _, b := range s.graph {
			b.Last().EOS()
		}
		time.Sleep(time.Minute)
		if n := s.alive(); n != 0 {
			t.Fatalf("%d are live without a network", n)
		}
		off.Store(false)
		time.Sleep(15 * time.Second)
		if n := s.alive(); n != 64 {
			t.Errorf("%d of 64 are live 15 s after their return", n)
		}
	})
}

// Who waits and is told to stop leaves the line, and nobody loses a turn by it.
func TestFeedIsStoppedInTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, 12, answers(1500*time.Millisecond))
		synctest.Wait()
		stopped := 0
		for _, f := range s.feeds {
			if f.Status().Reason == pipeline.ReasonQueued && stopped < 2 {
				stopped++
				if err := f.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if stopped != 2 || s.ramp.Waiting() != 2 {
			t.Fatalf("%d stopped, %d wait", stopped, s.ramp.Waiting())
		}
		time.Sleep(4 * time.Second)
		if n := s.alive(); n != 10 {
			t.Errorf("%d of 10 are live", n)
		}
	})
}
