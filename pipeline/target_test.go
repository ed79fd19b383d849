package pipeline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// served lets frames come for d, each answered at once, and returns how many
// were processed.
func (r *rig) served(d, interval time.Duration) int {
	before := len(r.coords[0].submitted())
	for range int(d / interval) {
		r.graph().Frame()
		r.coords[0].settle(frame.Delivered)
		r.pass(interval)
	}
	return len(r.coords[0].submitted()) - before
}

func TestTargetLowersTheRate(t *testing.T) {
	for name, c := range map[string]struct {
		own, target float64
		interval    time.Duration
		want        int // of 10 s
	}{
		"below the camera's":          {0, 7.9, 40 * time.Millisecond, 79},
		"close to the camera's":       {0, 24, 40 * time.Millisecond, 240},
		"below its own":               {10, 7, 40 * time.Millisecond, 70},
		"above its own":               {5, 7, 40 * time.Millisecond, 50},
		"slower than one a second":    {0, .5, 40 * time.Millisecond, 5},
		"none":                        {0, 0, 40 * time.Millisecond, 250},
		"twice what was promised":     {0, 7.9, 20 * time.Millisecond, 79},
		"more than the camera offers": {0, 60, 40 * time.Millisecond, 250},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, withSlots(pipeline.ProcessorConfig{FPS: c.own}))
				r.served(2*time.Second, c.interval)
				wanted, before := r.feed.Wanted(0), r.feed.Ledger(0)
				r.feed.SetTarget(0, c.target)
				if n := r.served(10*time.Second, c.interval); n < c.want-1 || n > c.want+1 {
					t.Errorf("%d frames processed, want %d", n, c.want)
				}
				want := 10 * time.Second.Seconds() / c.interval.Seconds()
				if c.own > 0 {
					want = 10 * c.own
				}
				if d := float64(r.feed.Wanted(0)-wanted) - want; d < -1 || d > 1 {
					t.Errorf("%d frames wanted, want %.0f: a target does not change that", r.feed.Wanted(0)-wanted, want)
				}
				l := r.feed.Ledger(0)
				if n := l[frame.Delivered] + l[frame.Skipped]; n != l.Sum() || l[frame.Skipped] < before[frame.Skipped] {
					t.Errorf("ledger %v", l)
				}
				r.feed.SetTarget(0, 0)
				r.served(time.Second, c.interval)
				r.stop()
			})
		})
	}
}

// Steps make no burst and no gap: between two frames that are processed there is
// never much less or more than the interval of the slower rate.
func TestTargetChangesSmoothly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}))
		const interval = 20 * time.Millisecond
		targets := []float64{20, 10, 8, 9, 20, 5, 25}
		slowest := 0.0
		for _, fps := range targets {
			r.feed.SetTarget(0, fps)
			slowest = max(slowest, 1/fps)
			last := time.Now()
			for range 100 {
				n := len(r.coords[0].submitted())
				r.graph().Frame()
				r.coords[0].settle(frame.Delivered)
				if len(r.coords[0].submitted()) > n {
					if gap := time.Since(last).Seconds(); gap > slowest+interval.Seconds()+.001 {
						t.Errorf("%.3f s without a frame at %.0f/s", gap, fps)
					}
					last = time.Now()
				}
				r.pass(interval)
			}
			slowest = 1 / fps
		}
		r.stop()
	})
}

// Sampling is by time: a camera that sends twice what it promised, and then ten
// seconds in a burst, costs what it did.
func TestFault38_TwiceThePromisedRateAndABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{FPS: 5}))
		promised := r.served(10*time.Second, time.Second/30)
		doubled := r.served(10*time.Second, time.Second/60)
		if d := doubled - promised; d < -1 || d > 1 {
			t.Errorf("%d frames processed of 30 a second, %d of 60", promised, doubled)
		}
		most := 0
		before := len(r.coords[0].submitted())
		for range 600 {
			r.graph().Frame()
			most = max(most, r.feed.Pending())
		}
		if n := len(r.coords[0].submitted()) - before; n > 1 || most > 2 {
			t.Errorf("%d frames of a burst were submitted, at most %d pending", n, most)
		}
		r.coords[0].settleAll(frame.Delivered)
		if l := r.feed.Ledger(0); l.Sum() != r.feed.Decoded() || l[frame.Skipped] == 0 {
			t.Errorf("ledger %v of %d frames", l, r.feed.Decoded())
		}
		r.stop()
	})
}
