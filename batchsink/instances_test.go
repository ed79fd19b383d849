package batchsink

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// newRigOf is a rig whose instances are made by make, with their number.
func newRigOf(t *testing.T, cfg Config, make func(n int) *fake) *rig {
	t.Helper()
	var made atomic.Int32
	return newRigWith(t, cfg, func() (Processor, error) { return make(int(made.Add(1))), nil })
}

func TestInstancesWorkSideBySide(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 3, 1 }), func(int) *fake {
			return &fake{process: takes(30 * time.Millisecond)}
		})
		r.attach(3, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a", "b", "c")
		time.Sleep(time.Second)
		for _, a := range r.got() {
			equal(t, "answer of "+string(a.feed), a.at.Sub(began), 30*time.Millisecond)
		}
		r.end()
	})
}

// The first frame takes long, those after it, at the other instance, do not:
// answers of one feed still come in order of submission, and those that wait for
// the first have left the cap.
func TestAnswersComeInOrderOfSubmission(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 2, 1 }), func(int) *fake {
			return &fake{process: func(_ context.Context, batch []frame.Entry) error {
				time.Sleep(10 * time.Millisecond)
				if batch[0].Frame.Seq == 1 {
					time.Sleep(50 * time.Millisecond)
				}
				return nil
			}}
		})
		r.attach(1, FeedOptions{MaxInFlight: 2})
		r.mustSubmit("a")
		for range 3 {
			r.mustSubmit("a")
			equal(t, "a third", r.submit("a"), ErrInFlight)
			time.Sleep(15 * time.Millisecond)
		}
		equal(t, "answers while the first is in Process", len(r.got()), 0)
		time.Sleep(time.Second)
		for i, a := range r.got() {
			if i > 0 && a.seq <= r.got()[i-1].seq {
				t.Errorf("answer %d is of frame %d", i, a.seq)
			}
		}
		equal(t, "answers", len(r.got()), 4)
		r.end()
	})
}

func TestFormationOverlapsProcessing(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(100 * time.Millisecond)}
		r := newRig(t, seed(nil), p)
		r.attach(6, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a", "b", "c", "d")
		time.Sleep(10 * time.Millisecond)
		r.mustSubmit("e", "f")
		time.Sleep(time.Second)
		equal(t, "second batch", r.got()[5].at.Sub(began), 200*time.Millisecond)
		equal(t, "its queue time", r.got()[5].result.Timings.Queue, 90*time.Millisecond)
		equal(t, "its batch wait", r.got()[5].result.Timings.BatchWait, 0)
		r.end()
	})
}

func TestFeedsOfAStatefulProcessorStayWithOneInstance(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var mu sync.Mutex
		by := map[frame.FeedID]map[int]bool{}
		load := map[int]int{}
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.IsolateFailures = 3, true }), func(n int) *fake {
			return &fake{traits: frame.Traits{Stateful: true}, process: func(_ context.Context, batch []frame.Entry) error {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range batch {
					if by[e.Frame.Feed] == nil {
						by[e.Frame.Feed] = map[int]bool{}
						load[n]++
					}
					by[e.Frame.Feed][n] = true
				}
				return errBad
			}}
		})
		r.attach(9, FeedOptions{})
		for range 3 {
			for i := range 9 {
				r.mustSubmit(feedName(i))
			}
			time.Sleep(100 * time.Millisecond)
		}
		mu.Lock()
		defer mu.Unlock()
		for id, instances := range by {
			equal(t, "instances of "+string(id), len(instances), 1)
		}
		for n := range 3 {
			equal(t, "feeds of an instance", load[n+1], 3)
		}
		equal(t, "retries", r.Stats().Retries, 0)
		r.stopNow()
	})
}
