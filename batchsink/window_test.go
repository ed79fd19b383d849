package batchsink

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestWindowAnswersOneEntryAfterMaxLatency(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{}
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 8 }), p)
		r.attach(1, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a")
		time.Sleep(time.Second)
		equal(t, "answers", len(r.got()), 1)
		equal(t, "time to answer", r.got()[0].at.Sub(began), 50*time.Millisecond)
		equal(t, "calls", p.callCount(), 1)
		r.end()
	})
}

func TestWindowAnswersFullBatchAtOnce(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{}
		r := newRig(t, seed(func(c *Config) { c.MaxLatency = 10 * time.Second }), p)
		r.attach(4, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a", "b", "c", "d")
		synctest.Wait()
		equal(t, "answers", len(r.got()), 4)
		equal(t, "time", time.Since(began), 0)
		equal(t, "calls", p.callCount(), 1)
		equal(t, "full batches", r.Stats().Batches[ReasonFull], 1)
		r.end()
	})
}

func TestWindowBatchBelowSize(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 8 }), &fake{})
		r.attach(3, FeedOptions{})
		r.mustSubmit("a", "b", "c")
		time.Sleep(time.Second)
		s := r.Stats()
		equal(t, "submitted", s.Total.Submitted, 3)
		equal(t, "delivered", s.Total.Outcomes[frame.Delivered], 3)
		equal(t, "dispatched", s.Dispatched(), 1)
		equal(t, "smallest", s.Smallest, 3)
		equal(t, "largest", s.Largest, 3)
		equal(t, "by deadline", s.Batches[ReasonDeadline], 1)
		r.end()
	})
}

func TestWindowClockStartsAtSubmission(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(40 * time.Millisecond)}
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 2 }), p)
		r.attach(3, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a", "b") // processed until 40 ms
		time.Sleep(10 * time.Millisecond)
		r.mustSubmit("c") // its window ends at 60 ms, not at 90
		time.Sleep(time.Second)
		equal(t, "answer of c", r.got()[2].at.Sub(began), 100*time.Millisecond)
		r.end()
	})
}

func TestResultsCarryTheirFeedsFrame(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
			for i := range batch {
				batch[i].Output.Data = "seen " + string(batch[i].Frame.Planes[0].Data)
			}
			return nil
		}})
		r.attach(4, FeedOptions{})
		r.mustSubmit("a", "b", "c", "d")
		synctest.Wait()
		for _, a := range r.got() {
			equal(t, "output of "+string(a.feed), a.result.Output.Data, any("seen "+string(a.feed)))
			equal(t, "batch size", a.result.BatchSize, 4)
		}
		r.end()
	})
}

func TestOutputOfAnyKindAndTheViewArrive(t *testing.T) {
	virtual(t, func(t *testing.T) {
		type opaque struct{ n *int }
		n := new(int)
		seen := make(chan frame.ViewState, 1)
		r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
			seen <- batch[0].View
			batch[0].Output.Data = opaque{n}
			batch[0].Output.Detections = []frame.Detection{{Class: 3}}
			return nil
		}})
		r.attach(1, FeedOptions{})
		f := r.frame("a")
		view := frame.ViewState{Epoch: 7, Pan: .5, Moving: true}
		if _, err := r.ports["a"].Submit(f, view); err != nil {
			t.Fatal(err)
		}
		f.Release()
		time.Sleep(time.Second)
		equal(t, "view", <-seen, view)
		out := r.got()[0].result.Output
		equal(t, "data", out.Data, any(opaque{n}))
		equal(t, "detections", len(out.Detections), 1)
		r.end()
	})
}

func TestEntryWithoutOutputIsEmptyNotFailed(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: func(context.Context, []frame.Entry) error { return nil }})
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		time.Sleep(time.Second)
		equal(t, "outcome", r.got()[0].result.Outcome, frame.Delivered)
		equal(t, "detections", len(r.got()[0].result.Output.Detections), 0)
		r.end()
	})
}

func TestSubmitAndWait(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: takes(5 * time.Millisecond)})
		r.attach(1, FeedOptions{})
		f := r.frame("a")
		defer func() { equal(t, "references", f.Refs(), 1); f.Release() }()
		began := time.Now()
		res, err := r.ports["a"].SubmitAndWait(context.Background(), f, frame.ViewState{})
		if err != nil || res.Outcome != frame.Delivered || res.Output.Data != f.Seq {
			t.Errorf("got %+v, %v", res, err)
		}
		equal(t, "waited", time.Since(began), 55*time.Millisecond)
		equal(t, "total", res.Timings.Total, 55*time.Millisecond)
		equal(t, "queue", res.Timings.Queue, 0)
		equal(t, "batch wait", res.Timings.BatchWait, 50*time.Millisecond)
		equal(t, "inference", res.Timings.Inference, 5*time.Millisecond)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if _, err := r.ports["a"].SubmitAndWait(ctx, f, frame.ViewState{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting past its context gave %v", err)
		}
		if err := r.stopNow(); err != nil {
			t.Error(err)
		}
		s := r.Stats().Total
		equal(t, "given up", s.Outcomes[frame.Stopped], 1)
		equal(t, "abandoned", s.Abandoned, 1)
		equal(t, "calls", r.proc.callCount(), 1)
	})
}

func TestNoFeedIsTwiceInABatchWithACapOfOne(t *testing.T) {
	twice := func(feeds, cap int) (found bool) {
		virtual(t, func(t *testing.T) {
			p := &fake{process: takes(3 * time.Millisecond)}
			r := newRig(t, seed(nil), p)
			r.attach(feeds, FeedOptions{MaxInFlight: cap})
			for range 10 {
				for i := range feeds {
					for range cap {
						r.submit(feedName(i))
					}
				}
				time.Sleep(20 * time.Millisecond)
			}
			time.Sleep(time.Second)
			if cap == 1 {
				equal(t, "delivered", r.outcomes()[frame.Delivered], 80)
			}
			for _, call := range p.seen() {
				seen := map[frame.FeedID]bool{}
				for _, e := range call {
					found = found || seen[e.Frame.Feed]
					seen[e.Frame.Feed] = true
				}
			}
			r.end()
		})
		return found
	}
	if twice(8, 1) {
		t.Error("a feed was twice in one batch with a cap of 1")
	}
	if !twice(2, 4) {
		t.Error("the check cannot fail: no feed was twice in a batch with a cap of 4")
	}
}

func TestFeedsOfDifferentLengthAllFinish(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: takes(3 * time.Millisecond)})
		r.attach(3, FeedOptions{})
		done := make(chan bool)
		for i, n := range []int{20, 10, 5} {
			go func() {
				f := r.frame(feedName(i))
				defer f.Release()
				for range n {
					if res, err := r.ports[f.Feed].SubmitAndWait(context.Background(), f, frame.ViewState{}); err != nil || res.Outcome != frame.Delivered {
						t.Errorf("feed %s: %v %v", f.Feed, res.Outcome, err)
					}
				}
				done <- true
			}()
		}
		for range 3 {
			<-done
		}
		equal(t, "delivered", r.Stats().Total.Outcomes[frame.Delivered], 35)
		r.stopNow()
	})
}
