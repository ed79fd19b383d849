package batchsink

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// poisonedBy fails any batch with a frame of one of the feeds.
func poisonedBy(feeds ...frame.FeedID) func(context.Context, []frame.Entry) error {
	return func(_ context.Context, batch []frame.Entry) error {
		time.Sleep(time.Millisecond)
		for _, e := range batch {
			for _, f := range feeds {
				if e.Frame.Feed == f {
					return errBad
				}
			}
		}
		return nil
	}
}

func isolating(n int) Config {
	return with("window", func(c *Config) { c.MaxBatchSize = n })
}

func eight(r *rig) {
	r.mustSubmit("a", "b", "c", "d", "e", "f", "g", "h")
	synctest.Wait()
}

func TestOnePoisonFrameFailsAlone(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(8), &fake{process: poisonedBy("f")})
		r.attach(8, FeedOptions{})
		eight(r)
		time.Sleep(time.Second)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 7)
		equal(t, "failed", r.outcomes()[frame.Failed], 1)
		equal(t, "calls", r.proc.callCount(), 1+2*3)
		equal(t, "retries", r.Stats().Retries, 6)
		_, n := r.eventsOf(BatchError)
		equal(t, "batches reported", n, 1)
		for _, a := range r.got() {
			equal(t, "batch size", a.result.BatchSize, 8)
		}
		r.end()
	})
}

func TestABrokenProcessorIsNotRetriedFurther(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(8), &fake{process: poisonedBy("a", "b", "c", "d", "e", "f", "g", "h")})
		r.attach(8, FeedOptions{})
		eight(r)
		time.Sleep(time.Second)
		equal(t, "calls", r.proc.callCount(), 3)
		equal(t, "failed", r.outcomes()[frame.Failed], 8)
		equal(t, "consecutive failures", r.Stats().ConsecutiveFailures, 1)
		if events, _ := r.eventsOf(FeedIsolated); len(events) > 0 {
			t.Errorf("feeds are blamed for the processor: %+v", events)
		}
		r.end()
	})
}

func TestNobodyIsBlamedForABrokenProcessor(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(2), &fake{process: poisonedBy("a", "b")})
		r.attach(2, FeedOptions{})
		for range 2 * poisonLimit {
			r.mustSubmit("a", "b")
			time.Sleep(time.Second)
		}
		equal(t, "a alone", r.ports["a"].Stats().Alone, false)
		r.end()
	})
}

func TestIsolationNeverCostsMoreThanItsCalls(t *testing.T) {
	for n := 1; n <= 17; n++ {
		for mask := range 1 << min(n, 9) {
			virtual(t, func(t *testing.T) {
				p := &fake{}
				p.process = func(_ context.Context, batch []frame.Entry) error {
					for _, e := range batch {
						if e.Frame.Seq <= 9 && mask>>(e.Frame.Seq-1)&1 == 1 {
							return errBad
						}
					}
					return nil
				}
				r := newRig(t, isolating(n), p)
				r.attach(n, FeedOptions{})
				for i := range n {
					r.mustSubmit(feedName(i))
				}
				synctest.Wait()
				if calls := p.callCount() - 1; calls > splitCalls(n) {
					t.Errorf("size %d, bad frames %b: %d extra calls", n, mask, calls)
				}
				r.end()
			})
			if mask > 40 && n > 9 {
				break
			}
		}
	}
}

func TestNoRetryPastTheDeadline(t *testing.T) {
	virtual(t, func(t *testing.T) {
		bad := poisonedBy("a")
		cfg := isolating(2)
		cfg.ResponseTimeout = time.Second
		r := newRig(t, cfg, &fake{process: func(ctx context.Context, batch []frame.Entry) error {
			time.Sleep(2 * time.Second)
			return bad(ctx, batch)
		}})
		r.attach(2, FeedOptions{})
		r.mustSubmit("a", "b")
		time.Sleep(10 * time.Second)
		equal(t, "calls", r.proc.callCount(), 1)
		r.end()
	})
}

func TestPoisonousFeedIsProcessedAloneForAWhile(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(4), &fake{process: poisonedBy("b")})
		r.attach(4, FeedOptions{})
		round := func() {
			for _, id := range []frame.FeedID{"a", "b", "c", "d"} {
				r.submit(id)
			}
			time.Sleep(200 * time.Millisecond)
		}
		for range poisonLimit {
			round()
		}
		equal(t, "failed of a before", r.ports["a"].Stats().Outcomes[frame.Failed], 0)
		equal(t, "alone", r.ports["b"].Stats().Alone, true)
		events, _ := r.eventsOf(FeedIsolated)
		if len(events) != 1 || events[0].Feed != "b" {
			t.Errorf("events: %+v", events)
		}
		// From now on nobody else's batch fails because of it.
		before := r.Stats().Retries
		for range 100 {
			round()
		}
		s := r.Stats()
		equal(t, "retries", s.Retries, before)
		equal(t, "failed of a", r.ports["a"].Stats().Outcomes[frame.Failed], 0)
		shared := s.Dispatched() - s.Batches[ReasonAlone]
		if alone := s.Batches[ReasonAlone]; alone == 0 || 3*(alone+s.Retries) > shared+3*poisonLimit*uint64(splitCalls(4)) {
			t.Errorf("%d alone and %d retries beside %d batches", alone, s.Retries, shared)
		}
		time.Sleep(time.Minute)
		equal(t, "alone after a while", r.ports["b"].Stats().Alone, false)
		r.end()
	})
}

// A feed that is alone in every sense is served without limit.
func TestPoisonousFeedWithNobodyElse(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(2), &fake{})
		r.attach(1, FeedOptions{})
		r.mu.Lock()
		f := r.ports["a"].f
		r.mu.Unlock()
		r.Handle.mu.Lock()
		for range poisonLimit {
			r.poisoned(f, r.now())
		}
		r.Handle.mu.Unlock()
		for range 100 {
			r.mustSubmit("a")
			synctest.Wait()
		}
		equal(t, "delivered", r.outcomes()[frame.Delivered], 100)
		equal(t, "alone", r.Stats().Batches[ReasonAlone], 100)
		r.end()
	})
}

func TestFixedShapes(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{traits: frame.Traits{BatchSizes: []int{1, 4, 8, 64}}}
		r := newRig(t, with("window", func(c *Config) { c.MaxBatchSize = 12 }), p)
		r.attach(20, FeedOptions{})
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 20} {
			for i := range n {
				r.mustSubmit(feedName(i))
			}
			time.Sleep(time.Second)
		}
		var sizes []int
		for _, call := range p.seen() {
			sizes = append(sizes, len(call))
			for _, e := range call {
				if e.Frame == nil {
					t.Error("padding without a frame")
				}
			}
		}
		want := []int{1, 4, 4, 4, 8, 8, 8, 8, 8, 4}
		for i := range want {
			equal(t, "size", sizes[i], want[i])
		}
		for _, a := range r.got() {
			equal(t, "output", a.result.Output.Data, any(a.seq))
		}
		equal(t, "delivered", r.outcomes()[frame.Delivered], 50)
		r.end()
	})
}
