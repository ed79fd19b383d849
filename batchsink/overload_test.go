package batchsink

import (
	"context"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// A feed processed alone has used up its allowance: it has its turn when the
// others have fallen silent, and a quarter of the calls while they have not.
func TestTurnsOfAFeedAlone(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(2), &fake{})
		r.attach(2, FeedOptions{})
		r.Handle.mu.Lock()
		for range poisonLimit {
			r.poisoned(r.ports["a"].f, r.now())
		}
		r.Handle.lanes[0].former.extra.calls = 0
		r.Handle.mu.Unlock()
		for range 120 {
			r.mustSubmit("b") // before a, which would have its turn at once while b is not known to come
			r.submit("a")
			time.Sleep(90 * time.Millisecond) // before b, still unknown, stops being waited for
		}
		s := r.Stats()
		if shared := s.Dispatched() - s.Batches[ReasonAlone]; shared != 120 || s.Batches[ReasonAlone] != 40 {
			t.Errorf("%d alone and %d shared", s.Batches[ReasonAlone], shared)
		}
		r.submit("a")
		time.Sleep(time.Second)
		equal(t, "alone once b is silent", r.Stats().Batches[ReasonAlone], 41)
		r.end()
	})
}

// A call that stops when its context ends is not abandoned at Stop.
func TestProcessIsToldWhenNobodyWaits(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: func(ctx context.Context, _ []frame.Entry) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		r.end()
		equal(t, "took", time.Since(began), 3*time.Second)
		equal(t, "stopped", r.outcomes()[frame.Stopped], 1)
	})
}
