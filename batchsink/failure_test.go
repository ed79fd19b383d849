package batchsink

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// failing makes the first n calls return what fail makes.
func failing(n int, fail func() error) func(context.Context, []frame.Entry) error {
	calls := 0
	return func(context.Context, []frame.Entry) error {
		if calls++; calls <= n {
			return fail()
		}
		return nil
	}
}

func TestProcessErrorFailsTheBatch(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: failing(1, func() error { return errBad })})
		r.attach(4, FeedOptions{})
		r.mustSubmit("a", "b", "c", "d")
		synctest.Wait()
		equal(t, "failed", r.outcomes()[frame.Failed], 4)
		for _, a := range r.got() {
			if !errors.Is(a.result.Err, errBad) {
				t.Errorf("feed %s: error %v", a.feed, a.result.Err)
			}
		}
		events, n := r.eventsOf(BatchError)
		equal(t, "events", len(events), 1)
		equal(t, "batches reported", n, 1)
		equal(t, "text", events[0].Text, errBad.Error())
		equal(t, "calls", r.proc.callCount(), 1)
		r.end()
	})
}

func TestFiveFailuresInASecondAreOneEventAndNoneIsLost(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: failing(5, func() error { return errBad })})
		r.attach(1, FeedOptions{})
		for range 5 {
			r.mustSubmit("a")
			time.Sleep(100 * time.Millisecond)
		}
		events, n := r.eventsOf(BatchError)
		equal(t, "events within the second", len(events), 1)
		equal(t, "batches reported within the second", n, 1)
		time.Sleep(time.Second)
		events, n = r.eventsOf(BatchError)
		equal(t, "events", len(events), 2)
		equal(t, "batches reported", n, 5)
		r.end()
	})
}

// A feed that fails and recovers twenty times a second is told of twice a second.
func TestCoalescingOfAlternatingFailures(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxLatency = time.Millisecond }), &fake{process: takes(time.Millisecond)})
		r.attach(1, FeedOptions{})
		refused := 0
		for range 199 {
			r.mustSubmit("a")
			if errors.Is(r.submit("a"), ErrInFlight) {
				refused++
			}
			time.Sleep(50 * time.Millisecond)
		}
		events, _ := r.eventsOf(BatchInFlightExceeded)
		if len(events) > 20 || len(events) < 10 {
			t.Errorf("%d events in 10 s", len(events))
		}
		r.end()
		_, n := r.eventsOf(BatchInFlightExceeded)
		equal(t, "reported", n, refused)
	})
}

func TestCoalescerNeverReportsThreeTimesInASecond(t *testing.T) {
	for step := 7 * time.Millisecond; step < 900*time.Millisecond; step += 13 * time.Millisecond {
		var c coalescer
		var reports []time.Duration
		occurred, reported := 0, 0
		for now := time.Duration(0); now < 20*time.Second; now += step {
			c.count++
			occurred++
			n := 0
			if c.due() <= now {
				n = c.take(now)
			} else {
				n = c.pass(now)
			}
			if reported += n; n > 0 {
				reports = append(reports, now)
			}
		}
		for i := 2; i < len(reports); i++ {
			if reports[i]-reports[i-2] < coalesceWindow {
				t.Fatalf("step %v: reports at %v", step, reports[i-2:i+1])
			}
		}
		equal(t, "reported", reported+c.rest(), occurred)
	}
}
