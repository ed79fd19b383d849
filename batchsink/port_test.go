package batchsink

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestTicketThatIsWatched(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: takes(5 * time.Millisecond)})
		p, err := r.Attach("a", FeedOptions{MaxInFlight: 2})
		if err != nil {
			t.Fatal(err)
		}
		f := r.frame("a")
		view := frame.ViewState{Epoch: 3}
		first, _ := p.Submit(f, view)
		second, _ := p.Submit(f, view)
		<-first.Done()
		equal(t, "outcome", first.Result().Outcome, frame.Delivered)
		equal(t, "frame", first.Frame(), f)
		equal(t, "view", first.View(), view)
		first.Release()
		second.Release() // answered, but nobody looked
		third, _ := p.Submit(f, view)
		third.Release() // given up
		f.Release()
		time.Sleep(time.Second)
		equal(t, "delivered", p.Stats().Outcomes[frame.Delivered], 2)
		equal(t, "stopped", p.Stats().Outcomes[frame.Stopped], 1)
		equal(t, "references", f.Refs(), 0)
		equal(t, "entries processed", len(r.proc.seen()[0]), 2)
		equal(t, "calls", r.proc.callCount(), 1)
		if err := r.stopNow(); err != nil {
			t.Error(err)
		}
	})
}

// The second frame is done before the first, and its waiter gives up meanwhile:
// it still gets what there is.
func TestGivingUpWhatIsAnsweredAlready(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 2, 1 }), func(int) *fake {
			return &fake{process: func(_ context.Context, batch []frame.Entry) error {
				if batch[0].Frame.Seq == 1 {
					time.Sleep(time.Second)
				}
				return nil
			}}
		})
		p, _ := r.Attach("a", FeedOptions{MaxInFlight: 2})
		slow, quick := r.frame("a"), r.frame("a")
		first, _ := p.Submit(slow, frame.ViewState{})
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		res, err := p.SubmitAndWait(ctx, quick, frame.ViewState{})
		if err != nil || res.Outcome != frame.Delivered {
			t.Errorf("got %v, %v", res.Outcome, err)
		}
		if _, err := first.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		slow.Release()
		quick.Release()
		time.Sleep(2 * time.Second)
		equal(t, "frames held", r.held(), 0)
		r.stopNow()
	})
}

func TestRefusalsHaveTheirOutcome(t *testing.T) {
	for err, want := range map[error]frame.Outcome{ErrQueueFull: frame.QueueFull, ErrInFlight: frame.InFlight, ErrUnavailable: frame.Unavailable} {
		if o, ok := RejectedAs(err); !ok || o != want {
			t.Errorf("%v is %v", err, o)
		}
	}
	if _, ok := RejectedAs(errBad); ok {
		t.Error("any error is a refusal")
	}
}

func TestReconnectedFlushesAndForgets(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, with("fill", nil), &fake{process: takes(300 * time.Millisecond)})
		r.attach(1, FeedOptions{Interval: time.Millisecond})
		r.mustSubmit("a")
		for range 4 {
			r.submit("a")
		}
		synctest.Wait()
		_, n := r.eventsOf(BatchInFlightExceeded)
		equal(t, "reported at first", n, 1)
		r.ports["a"].Reconnected()
		synctest.Wait()
		_, n = r.eventsOf(BatchInFlightExceeded)
		equal(t, "reported after the reconnect", n, 4)
		equal(t, "submitted so far", r.ports["a"].Stats().Submitted, 5)
		r.end()
	})
}

// While a worker is calling a feed back, Detach waits for it.
func TestDetachWaitsForTheCallback(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 1 }), &fake{})
		returned := false
		p, _ := r.Attach("a", FeedOptions{Settled: func(*Ticket) {
			time.Sleep(time.Second)
			returned = true
		}})
		f := r.frame("a")
		p.Submit(f, frame.ViewState{})
		f.Release()
		synctest.Wait()
		p.Detach()
		equal(t, "callback returned before Detach", returned, true)
		r.stopNow()
	})
}

func TestAnOldPortIsDeadForGood(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{})
		r.attach(1, FeedOptions{})
		old := r.ports["a"]
		old.Detach()
		r.attachOne("a", FeedOptions{})
		f := r.frame("a")
		if _, err := old.Submit(f, frame.ViewState{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		f.Release()
		old.Detach() // detaches nobody
		old.SetLive(false)
		old.Reconnected()
		r.Handle.mu.Lock()
		equal(t, "live", r.ports["a"].f.line.live, true)
		r.Handle.mu.Unlock()
		r.mustSubmit("a")
		time.Sleep(time.Second)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 1)
		equal(t, "id", r.ID(), t.Name())
		r.end()
	})
}

// A callback may submit; it is called with nothing held.
func TestSubmitFromSettled(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, with("eager", nil), &fake{process: takes(time.Millisecond)})
		var p *Port
		f := r.frame("a")
		answers := 0
		p, _ = r.Attach("a", FeedOptions{Settled: func(*Ticket) {
			if answers++; answers < 100 {
				if _, err := p.Submit(f, frame.ViewState{}); err != nil {
					t.Error(err)
				}
			}
		}})
		p.Submit(f, frame.ViewState{})
		time.Sleep(time.Second)
		f.Release()
		r.stopNow()
		equal(t, "answers", answers, 100)
		equal(t, "references", f.Refs(), 0)
	})
}

// A feed becomes alone while it has entries queued, and comes back with some.
func TestBecomingAloneWithEntriesQueued(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, isolating(4), &fake{process: takes(10 * time.Millisecond)})
		r.attach(3, FeedOptions{MaxInFlight: 4})
		turn := func() {
			r.Handle.mu.Lock()
			defer r.Handle.mu.Unlock()
			for range poisonLimit {
				r.poisoned(r.ports["a"].f, r.now())
			}
		}
		for range 3 {
			r.mustSubmit("b", "a", "a", "c", "a", "b", "a")
			turn()
			time.Sleep(29990 * time.Millisecond)
			r.mustSubmit("a", "a", "b", "a")
			time.Sleep(time.Minute + 10*time.Millisecond)
		}
		equal(t, "delivered", r.outcomes()[frame.Delivered], 33)
		r.end()
	})
}
