package batchsink

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// slowFirst makes the first call last d, as a model's warm-up does.
func slowFirst(d time.Duration) func(context.Context, []frame.Entry) error {
	first := true
	return func(context.Context, []frame.Entry) error {
		if first {
			first = false
			time.Sleep(d)
		}
		return nil
	}
}

func impatient(c *Config) {
	c.MaxBatchSize = 1
	c.MaxLatency = time.Millisecond
	c.ResponseTimeout = 49 * time.Millisecond
}

func TestTimeoutKeepsTheCapPlaceUntilTheBatchReturns(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(impatient), &fake{process: slowFirst(500 * time.Millisecond)})
		r.attach(1, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a")
		time.Sleep(100 * time.Millisecond)
		equal(t, "outcome", r.got()[0].result.Outcome, frame.Timeout)
		equal(t, "at", r.got()[0].at.Sub(began), 50*time.Millisecond)
		equal(t, "in flight", r.ports["a"].Stats().InFlight, 1)
		equal(t, "second", r.submit("a"), ErrInFlight)
		time.Sleep(450 * time.Millisecond)
		equal(t, "in flight after the batch", r.ports["a"].Stats().InFlight, 0)
		r.mustSubmit("a")
		synctest.Wait()
		equal(t, "third", r.got()[1].result.Outcome, frame.Delivered)
		equal(t, "late", r.Stats().Total.Late, 1)
		events, n := r.eventsOf(BatchTimeout)
		equal(t, "timeouts reported", n, 1)
		for _, figure := range []string{"50ms", "1ms", "49ms"} {
			if !strings.Contains(events[0].Text, figure) {
				t.Errorf("event lacks %s: %s", figure, events[0].Text)
			}
		}
		r.end()
	})
}

func TestThreeTimeoutsUnderACapOfThree(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(impatient), &fake{process: slowFirst(500 * time.Millisecond)})
		r.attach(1, FeedOptions{MaxInFlight: 3})
		for range 3 {
			r.mustSubmit("a")
			time.Sleep(60 * time.Millisecond)
		}
		equal(t, "timeouts", r.outcomes()[frame.Timeout], 3)
		equal(t, "fourth", r.submit("a"), ErrInFlight)
		time.Sleep(time.Second)
		equal(t, "calls", r.proc.callCount(), 1) // the other two had nobody waiting
		equal(t, "abandoned", r.Stats().Total.Abandoned, 2)
		events, _ := r.eventsOf(BatchInFlightExceeded)
		if len(events) != 1 || !strings.Contains(events[0].Text, "3 of 3 entries") {
			t.Errorf("events: %+v", events)
		}
		r.end()
	})
}

func TestSlowWarmUpAndThenAllIsWell(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) {
			c.MaxBatchSize = 1
			c.ResponseTimeout = 450 * time.Millisecond
		}), &fake{process: slowFirst(1500 * time.Millisecond)})
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		time.Sleep(600 * time.Millisecond)
		equal(t, "timed out", r.outcomes()[frame.Timeout], 1)
		equal(t, "second", r.submit("a"), ErrInFlight)
		time.Sleep(600 * time.Millisecond)
		equal(t, "third", r.submit("a"), ErrInFlight)
		time.Sleep(600 * time.Millisecond)
		for range 10 {
			r.mustSubmit("a")
			time.Sleep(66 * time.Millisecond)
		}
		equal(t, "delivered", r.outcomes()[frame.Delivered], 10)
		r.end()
	})
}

func TestQueueFull(t *testing.T) {
	virtual(t, func(t *testing.T) {
		block := make(chan bool)
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize, c.QueueCapacity = 1, 2 }), &fake{process: func(context.Context, []frame.Entry) error {
			<-block
			return nil
		}})
		r.attach(4, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b", "c")
		equal(t, "fourth", r.submit("d"), ErrQueueFull)
		equal(t, "fifth", r.submit("d"), ErrQueueFull)
		equal(t, "in flight", r.ports["d"].Stats().InFlight, 0)
		synctest.Wait()
		events, n := r.eventsOf(BatchSubmissionRejected)
		equal(t, "reported at once", n, 1)
		if !strings.Contains(events[0].Text, "2 entries waiting, capacity 2") {
			t.Error(events[0].Text)
		}
		close(block)
		synctest.Wait()
		r.mustSubmit("d") // its result flushes what was kept back
		synctest.Wait()
		_, n = r.eventsOf(BatchSubmissionRejected)
		equal(t, "reported after recovery", n, 2)
		r.end()
	})
}

func TestQueueFullIsFlushedOnStop(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize, c.QueueCapacity = 1, 1 }), &fake{process: takes(time.Second)})
		r.attach(3, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b")
		for range 5 {
			equal(t, "third", r.submit("c"), ErrQueueFull)
		}
		r.end()
		_, n := r.eventsOf(BatchSubmissionRejected)
		equal(t, "reported in all", n, 5)
	})
}

func TestEachFeedHasItsPartOfASmallQueue(t *testing.T) {
	virtual(t, func(t *testing.T) {
		block := make(chan bool)
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize, c.QueueCapacity = 1, 4 }), &fake{process: func(context.Context, []frame.Entry) error {
			<-block
			return nil
		}})
		r.attach(3, FeedOptions{MaxInFlight: 4})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("a", "a") // its own place and the common one
		equal(t, "the greedy feed's next", r.submit("a"), ErrQueueFull)
		r.mustSubmit("b", "c") // theirs were kept
		equal(t, "beyond it", r.submit("b"), ErrQueueFull)
		close(block)
		r.end()
	})
}
