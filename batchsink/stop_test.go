package batchsink

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// stopIn stops and returns how long it took.
func (r *rig) stopIn() time.Duration {
	began := time.Now()
	r.end()
	return time.Since(began)
}

func TestStopWhileIdle(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{})
		r.attach(1, FeedOptions{})
		time.Sleep(time.Minute)
		equal(t, "took", r.stopIn(), 0)
		equal(t, "stops", r.proc.stops.Load(), 1)
		equal(t, "submit afterwards", r.submit("a"), ErrUnavailable)
		equal(t, "again", r.stopIn(), 0)
		equal(t, "stops", r.proc.stops.Load(), 1)
		equal(t, "unavailable", r.Stats().Total.Outcomes[frame.Unavailable], 1)
		if events, _ := r.eventsOf(StageError); len(events) > 0 {
			t.Errorf("a wanted stop is an event: %+v", events)
		}
	})
}

func TestStopWhileForming(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxLatency = 10 * time.Second }), &fake{process: takes(20 * time.Millisecond)})
		r.attach(3, FeedOptions{})
		r.mustSubmit("a", "b", "c")
		equal(t, "took", r.stopIn(), 20*time.Millisecond)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 3)
		equal(t, "by stop", r.Stats().Batches[ReasonStop], 1)
	})
}

func TestStopWhileProcessingWithAFullQueue(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 2 }), &fake{process: takes(100 * time.Millisecond)})
		r.attach(9, FeedOptions{})
		for i := range 9 {
			r.mustSubmit(feedName(i))
		}
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		go r.stopNow()
		synctest.Wait()
		equal(t, "stopped at once", r.outcomes()[frame.Stopped], 5)
		<-r.done
		equal(t, "took", time.Since(began), 190*time.Millisecond)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 4)
		equal(t, "drained", r.Stats().Total.Drained, 5)
		for _, a := range r.got() {
			if r.proc.stopped.Before(a.at) {
				t.Error("the processor was stopped before all had their answer")
			}
		}
		r.end()
	})
}

func TestStopWhenProcessNeverReturns(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		r := newRig(t, seed(func(c *Config) { c.HangTimeout = time.Minute; c.MaxBatchSize = 1 }), &fake{process: func(context.Context, []frame.Entry) error {
			<-release
			return nil
		}})
		r.attach(3, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b", "c")
		began := time.Now()
		err := r.stopNow()
		if !errors.Is(err, ErrHung) {
			t.Errorf("Stop: %v", err)
		}
		equal(t, "took", time.Since(began), 8*time.Second)
		equal(t, "stopped", r.outcomes()[frame.Stopped], 3)
		equal(t, "answers by", r.got()[2].at.Sub(began), 3*time.Second)
		equal(t, "stuck", r.Stats().Stuck, 1)
		equal(t, "references held for the call", r.held(), 1)
		close(release)
		r.checkQuiet()
		equal(t, "stuck", r.Stats().Stuck, 0)
		equal(t, "stops", r.proc.stops.Load(), 1)
	})
}

func TestImpatientStop(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		r := newRig(t, seed(nil), &fake{process: func(context.Context, []frame.Entry) error {
			<-release
			return nil
		}})
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		r.Stop(ctx)
		equal(t, "took", time.Since(began), 600*time.Millisecond)
		close(release)
		r.checkQuiet()
	})
}

func TestProcessorsStopThatBlocks(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		r := newRig(t, seed(nil), &fake{process: takes(time.Millisecond), stop: func() error {
			<-release
			return nil
		}})
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		began := time.Now()
		if err := r.stopNow(); !errors.Is(err, ErrHung) {
			t.Errorf("Stop: %v", err)
		}
		equal(t, "took", time.Since(began), 8*time.Second)
		equal(t, "answered", r.got()[0].at.Sub(began), time.Millisecond)
		close(release)
		r.checkQuiet()
	})
}

func TestStopThatFailsIsReported(t *testing.T) {
	for name, stop := range map[string]func() error{
		"error": func() error { return errBad },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				r := newRig(t, seed(nil), &fake{stop: stop})
				r.end()
				_, n := r.eventsOf(ProcessorStopFailed)
				equal(t, "events", n, 1)
			})
		})
	}
}

func TestSubmissionsDuringStop(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: takes(10 * time.Millisecond)})
		r.attach(8, FeedOptions{})
		for i := range 8 {
			go func() {
				for range 20 {
					r.submit(feedName(i))
					time.Sleep(time.Duration(i+1) * time.Millisecond)
				}
			}()
		}
		time.Sleep(15 * time.Millisecond)
		r.stopNow()
		time.Sleep(time.Second)
		r.checkQuiet()
	})
}

func TestDetachSettlesEverythingAtOnce(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 1 }), &fake{process: takes(time.Second)})
		r.attach(2, FeedOptions{MaxInFlight: 3})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("a", "b", "a")
		r.ports["a"].Detach()
		equal(t, "answers when Detach returns", len(r.got()), 3)
		equal(t, "stopped", r.outcomes()[frame.Stopped], 3)
		equal(t, "submit afterwards", r.submit("a"), ErrUnavailable)
		r.ports["a"].Detach()
		equal(t, "still in Process", r.ports["a"].Stats().InFlight, 1)
		r.attachOne("a", FeedOptions{MaxInFlight: 1})
		equal(t, "its place is remembered", r.submit("a"), ErrInFlight)
		time.Sleep(3 * time.Second)
		equal(t, "calls", r.proc.callCount(), 2)
		r.mustSubmit("a")
		time.Sleep(3 * time.Second)
		equal(t, "submitted in all", r.ports["a"].Stats().Submitted, 6)
		equal(t, "late", r.Stats().Total.Late, 1)
		equal(t, "abandoned", r.Stats().Total.Abandoned, 2)
		r.end()
	})
}
