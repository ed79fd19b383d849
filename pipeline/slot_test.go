package pipeline_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// withSlots is a feed whose processors have these settings.
func withSlots(configs ...pipeline.ProcessorConfig) func(*setup) {
	return func(s *setup) {
		s.processors = len(configs)
		for _, c := range configs {
			s.settings.Processors = append(s.settings.Processors, pipeline.Processor{Config: c})
		}
	}
}

func TestNewestFrameWaitsInTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(5)
		c := r.coords[0]
		if got := c.submitted(); !slices.Equal(got, []uint64{1}) {
			t.Fatalf("submitted %v, want only the first", got)
		}
		if n := r.feed.Pending(); n != 2 {
			t.Errorf("pending %d, want one answer and one slot", n)
		}
		if n := r.b.Pool.Out(); n != 2 {
			t.Errorf("%d frames are held, want 2", n)
		}
		c.settle(frame.Delivered)
		if got := c.submitted(); !slices.Equal(got, []uint64{1, 5}) {
			t.Errorf("submitted %v, want the newest after the answer", got)
		}
		r.ledger(map[frame.Outcome]uint64{frame.Delivered: 1, frame.Superseded: 3})
		c.settle(frame.Delivered)
		r.frames(1)
		if got := c.submitted(); !slices.Equal(got, []uint64{1, 5, 6}) {
			t.Errorf("submitted %v, want a frame at once when there is room", got)
		}
		c.settle(frame.Delivered)
		r.stop()
	})
}

func TestEachProcessorHasASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}, pipeline.ProcessorConfig{MaxInFlight: 2}))
		for range 4 {
			r.frames(1)
			r.coords[0].settle(frame.Delivered)
		}
		if a := r.coords[0].submitted(); !slices.Equal(a, []uint64{1, 2, 3, 4}) {
			t.Errorf("the fast processor got %v", a)
		}
		if b := r.coords[1].submitted(); !slices.Equal(b, []uint64{1, 2}) {
			t.Errorf("the slow processor got %v", b)
		}
		r.coords[1].settle(frame.Failed)
		r.coords[1].settle(frame.Timeout)
		r.coords[1].settle(frame.Delivered)
		if got, want := r.feed.Ledger(1), (frame.Ledger{frame.Superseded: 1, frame.Failed: 1, frame.Timeout: 1, frame.Delivered: 1}); got != want {
			t.Errorf("ledger %v, want %v", got, want)
		}
		r.stop()
	})
}

func TestRefusalsAreOutcomes(t *testing.T) {
	for _, o := range []frame.Outcome{frame.QueueFull, frame.InFlight, frame.Unavailable} {
		t.Run(o.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.coords[0].refuseWith(o)
				r.frames(3)
				r.ledger(map[frame.Outcome]uint64{o: 3})
				if n := r.b.Pool.Out(); n != 0 {
					t.Errorf("%d refused frames are still held", n)
				}
				r.coords[0].accept()
				r.frames(1)
				r.coords[0].settle(frame.Delivered)
				r.ledger(map[frame.Outcome]uint64{o: 3, frame.Delivered: 1})
				r.stop()
			})
		})
	}
}

// A timeout frees the one who waits, but the coordinator still has the entry:
// the frame from the slot is refused.
func TestTimeoutThenInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		c := r.coords[0]
		r.frames(2)
		c.refuseWith(frame.InFlight)
		c.settle(frame.Timeout)
		r.ledger(map[frame.Outcome]uint64{frame.Timeout: 1, frame.InFlight: 1})
		r.frames(1)
		r.ledger(map[frame.Outcome]uint64{frame.Timeout: 1, frame.InFlight: 2})
		c.accept()
		r.frames(1)
		c.settle(frame.Delivered)
		r.ledger(map[frame.Outcome]uint64{frame.Timeout: 1, frame.InFlight: 2, frame.Delivered: 1})
		r.stop()
	})
}

func TestRateIsByTime(t *testing.T) {
	for name, c := range map[string]struct {
		limit    float64
		interval time.Duration
		want     int // of 10 s
	}{
		"a fifth":                  {5, 40 * time.Millisecond, 50},
		"not a divisor":            {10, 40 * time.Millisecond, 100},
		"the camera's own rate":    {25, 40 * time.Millisecond, 250},
		"more than there is":       {100, 40 * time.Millisecond, 250},
		"twice the promised rate":  {5, 20 * time.Millisecond, 50},
		"slower than one a second": {.5, 40 * time.Millisecond, 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, withSlots(pipeline.ProcessorConfig{FPS: c.limit}))
				n := int(10 * time.Second / c.interval)
				for range n {
					r.graph().Frame()
					r.coords[0].settle(frame.Delivered)
					r.pass(c.interval)
				}
				l := r.feed.Ledger(0)
				if d := int(l[frame.Delivered]) - c.want; d < -1 || d > 1 {
					t.Errorf("%d of %d frames processed, want %d", l[frame.Delivered], n, c.want)
				}
				if l[frame.Delivered]+l[frame.Skipped] != uint64(n) {
					t.Errorf("ledger %v", l)
				}
				r.stop()
			})
		})
	}
}

// A camera that sends ten seconds at once after a stall is sampled once or
// twice, not fifty times.
func TestBurstIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{FPS: 5}))
		r.frames(10)
		r.pass(4 * time.Second)
		before := len(r.coords[0].submitted())
		for range 250 {
			r.graph().Frame()
			r.coords[0].settle(frame.Delivered)
		}
		if n := len(r.coords[0].submitted()) - before; n > 2 {
			t.Errorf("%d frames of a burst were processed", n)
		}
		r.stop()
	})
}

func TestSuspectFramesAreSkippedOnlyIfAsked(t *testing.T) {
	for _, skip := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, func(s *setup) { s.config.SkipSuspect = skip })
			r.graph().FrameWith(func(f *frame.Frame) { f.Suspect = true })
			want := 1
			if skip {
				want = 0
			}
			if n := len(r.coords[0].submitted()); n != want {
				t.Errorf("skip_suspect %v: %d submitted, want %d", skip, n, want)
			}
			r.stop()
		})
	}
}

type panning struct{ asked []time.Time }

func (p *panning) View(f *frame.Frame) frame.ViewState {
	p.asked = append(p.asked, f.Captured)
	return frame.ViewState{Epoch: uint64(len(p.asked))}
}

// The view is the one at the frame's capture, also for a frame that waited.
func TestViewIsTakenWithTheFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &panning{}
		r := start(t, func(s *setup) { s.settings.View = p })
		captured := time.Now().Add(-time.Hour)
		r.graph().FrameWith(func(f *frame.Frame) { f.Captured = captured })
		r.frames(2)
		r.coords[0].settle(frame.Delivered)
		if !p.asked[0].Equal(captured) {
			t.Errorf("asked for the view at %v, want the capture time %v", p.asked[0], captured)
		}
		for i, want := range []uint64{1, 3} {
			if got := r.coords[0].views[i].Epoch; got != want {
				t.Errorf("submission %d has the view of frame %d, want %d", i, got, want)
			}
		}
		r.stop()
	})
}

func TestFramesAreNumberedAcrossConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		var seqs []uint64
		var times []time.Duration
		take := func(n int) {
			for range n {
				r.frames(1)
				c := r.coords[0]
				seqs, times = append(seqs, c.queue[0].Seq), append(times, c.queue[0].PTS)
				if c.queue[0].Feed != "door" {
					t.Errorf("frame of feed %q", c.queue[0].Feed)
				}
				c.settle(frame.Delivered)
			}
		}
		take(3)
		r.graph().EOS()
		r.pass(9 * time.Second)
		take(2)
		if !slices.Equal(seqs, []uint64{1, 2, 3, 4, 5}) {
			t.Errorf("numbers %v", seqs)
		}
		// The clock follows the host's over the outage: 40 ms + 9 s.
		if gap := times[3] - times[2]; gap < 9*time.Second || gap > 9100*time.Millisecond {
			t.Errorf("an outage of 9 s is %v on the feed's clock", gap)
		}
		if n := r.feed.Stats().Jumps; n != 0 {
			t.Errorf("%d jumps: a new connection is none", n)
		}
		r.stop()
	})
}
