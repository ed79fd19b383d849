package batchsink

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// sessions are the processors that a coordinator has had, each with a session
// of its own at an accelerator: a poisoned one fails all its calls, and whatever
// the others deliver says whose it is.
type sessions struct {
	mu       sync.Mutex
	poisoned func(n int) bool
	calls    map[int]int
	started  map[int]time.Time
	stopped  map[int]time.Time
}

var errSticky = errors.New("the context is corrupted")

func newSessions(poisoned func(n int) bool) *sessions {
	return &sessions{poisoned: poisoned, calls: map[int]int{}, started: map[int]time.Time{}, stopped: map[int]time.Time{}}
}

func (s *sessions) make(n int) *fake {
	at := func(m map[int]time.Time) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		m[n] = time.Now()
		return nil
	}
	return &fake{
		start: func(context.Context) error { return at(s.started) },
		stop:  func() error { return at(s.stopped) },
		process: func(_ context.Context, batch []frame.Entry) error {
			time.Sleep(10 * time.Millisecond)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.calls[n]++
			for i := range batch {
				batch[i].Output.Data = n
			}
			if s.poisoned(n) {
				return errSticky
			}
			return nil
		},
	}
}

// Every call fails while the accelerator is broken, and each session with it is
// given up after ten.
func TestFault56_EveryCallFails(t *testing.T) {
	virtual(t, func(t *testing.T) {
		const broken = 8
		s := newSessions(func(n int) bool { return n <= broken })
		r := newRigOf(t, seed(func(c *Config) { c.MaxBatchSize = 1 }), s.make)
		r.attach(2, FeedOptions{})
		down := 0
		for range 2600 { // past the last pause, twenty frames a second
			for _, id := range []frame.FeedID{"a", "b"} {
				if errors.Is(r.submit(id), ErrUnavailable) {
					down++
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		r.end()
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			n := i + 1
			equal(t, "calls of a broken session", s.calls[n], lossAfter)
			equal(t, "pause after it", s.started[n+1].Sub(s.stopped[n]), want*time.Second)
		}
		_, lost := r.eventsOf(ProcessorLost)
		equal(t, "losses reported", lost, broken)
		_, told := r.eventsOf(StageError)
		equal(t, "feeds told, once until they have a result", told, 2)
		equal(t, "failed", r.outcomes()[frame.Failed], broken*lossAfter)
		if down < 2*20*119 {
			t.Errorf("%d submissions refused in the two minutes of pauses", down)
		}
		for _, a := range r.got() {
			if a.result.Outcome == frame.Delivered && a.result.Output.Data != any(broken+1) {
				t.Errorf("a result of session %v is delivered", a.result.Output.Data)
			}
		}
	})
}

// One of two sessions is poisoned. That the other delivers does not hide it.
func TestFault56_OneSessionOfTwo(t *testing.T) {
	virtual(t, func(t *testing.T) {
		s := newSessions(func(n int) bool { return n == 1 })
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 2, 1 }), s.make)
		r.attach(2, FeedOptions{})
		for range 200 {
			r.mustSubmit("a", "b")
			time.Sleep(50 * time.Millisecond)
		}
		r.end()
		equal(t, "calls of the poisoned session", s.calls[1], lossAfter)
		equal(t, "failed", r.outcomes()[frame.Failed], lossAfter)
		equal(t, "replaced after", s.started[3].Sub(s.stopped[1]), time.Second)
		if s.calls[3] == 0 {
			t.Error("the new session is not used")
		}
		_, lost := r.eventsOf(ProcessorLost)
		equal(t, "losses reported", lost, 1)
		_, told := r.eventsOf(StageError)
		equal(t, "feeds told", told, 0)
	})
}

// Every call is fine, and every answer that is left to be finished is none: such
// a session is as poisoned as one whose calls fail. One good answer in ten clears it.
func TestFault56_NothingCanBeFinished(t *testing.T) {
	for name, c := range map[string]struct{ good, losses int }{"never": {-1, 2}, "now and then": {8, 0}} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				var all []*made
				cfg := seed(func(c *Config) { c.MaxBatchSize = 2; c.MaxLatency = 10 * time.Millisecond })
				r := newForehanded(t, cfg, leavesMore(&all))
				r.attach(2, FeedOptions{})
				for n := range 50 {
					view := frame.ViewState{Epoch: uint64(2 + n%2)} // an error, or no number
					if n%10 == c.good {
						view.Epoch = 0
					}
					for _, id := range []frame.FeedID{"a", "b"} {
						f := r.frame(id)
						_, _ = r.ports[id].Submit(f, view)
						f.Release()
					}
					time.Sleep(100 * time.Millisecond)
				}
				equal(t, "losses", r.Stats().Losses, c.losses)
				r.end()
			})
		})
	}
}

// A batch whose processor hangs ends at its time limit; a fresh instance goes on,
// and the late answer counts for nothing.
func TestFault57_AHungProcessorIsReplaced(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var p hangsOnce
		cfg := seed(func(c *Config) { c.MaxBatchSize = 2; c.ResponseTimeout = time.Minute })
		r := p.rig(t, cfg)
		r.attach(4, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a", "b")
		synctest.Wait()
		r.mustSubmit("c")
		r.ports["d"].SetLive(false)
		time.Sleep(5*time.Second + time.Millisecond)
		equal(t, "failed", r.outcomes()[frame.Failed], 2)
		equal(t, "stopped", r.outcomes()[frame.Stopped], 1)
		for _, a := range r.got() {
			equal(t, "answered after", a.at.Sub(began), 5*time.Second)
			if a.result.Outcome == frame.Failed && !errors.Is(a.result.Err, ErrHung) {
				t.Errorf("error %v", a.result.Err)
			}
		}
		for range 3 {
			for _, id := range []frame.FeedID{"a", "b", "c", "d"} {
				equal(t, "meanwhile", r.submit(id), ErrUnavailable)
			}
		}
		equal(t, "frames held by the hung call", r.held(), 2)
		equal(t, "stuck", r.Stats().Stuck, 1)
		time.Sleep(time.Second)
		_, lost := r.eventsOf(ProcessorLost)
		equal(t, "losses reported", lost, 1)
		_, restored := r.eventsOf(ProcessorRestored)
		equal(t, "restored", restored, 1)
		_, told := r.eventsOf(StageError)
		equal(t, "live feeds told, once each", told, 3)
		r.mustSubmit("a", "b")
		synctest.Wait()
		equal(t, "delivered", r.outcomes()[frame.Delivered], 2)
		close(p.release)
		synctest.Wait()
		equal(t, "frames the hung call could read", p.wrote.Load(), 2)
		equal(t, "frames held when it has returned", r.held(), 0)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 2)
		equal(t, "stuck", r.Stats().Stuck, 0)
		r.end()
	})
}

// One of two instances hangs: the other goes on with the same queue.
func TestFault57_TheOtherInstanceGoesOn(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 2, 1 }), func(int) *fake {
			return &fake{process: func(_ context.Context, batch []frame.Entry) error {
				if batch[0].Frame.Feed == "a" {
					<-release
				}
				return nil
			}}
		})
		r.attach(2, FeedOptions{})
		r.mustSubmit("a", "b")
		synctest.Wait()
		for range 70 {
			r.mustSubmit("b")
			time.Sleep(100 * time.Millisecond)
		}
		equal(t, "serving two seconds after the loss", r.Stats().Serving, 2)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 71)
		equal(t, "failed", r.outcomes()[frame.Failed]+r.outcomes()[frame.Timeout], 1)
		_, lost := r.eventsOf(ProcessorLost)
		equal(t, "lost", lost, 1)
		_, told := r.eventsOf(StageError)
		equal(t, "feeds told", told, 0)
		close(release)
		r.end()
	})
}

// A panic fails its batch, with its stack, and nothing else; failures in a row are
// counted until the next success.
func TestFault58_PanicIsContainedAndFailuresAreCounted(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: failing(3, func() error { panic("boom") })})
		r.attach(1, FeedOptions{})
		for i := range 5 {
			r.mustSubmit("a")
			time.Sleep(100 * time.Millisecond)
			equal(t, "consecutive failures", r.Stats().ConsecutiveFailures, []int{1, 2, 3, 0, 0}[i])
		}
		equal(t, "failed", r.outcomes()[frame.Failed], 3)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 2)
		var p *PanicError
		if err := r.got()[0].result.Err; !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
			t.Errorf("error %v", err)
		}
		r.end()
	})
}

// Whatever a processor does to the slice it is given stays its own affair: its
// answers are those that are in the slice when it returns.
func TestFault58_ProcessorThatSpoilsItsBatch(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(batch []frame.Entry)
		failed uint64
	}{
		"clears": {func(batch []frame.Entry) { clear(batch) }, 0},
		"grows":  {func(batch []frame.Entry) { _ = append(batch, batch...) }, 0},
		"shrinks": {func(batch []frame.Entry) {
			clear(batch)
			_ = append(batch[:0], frame.Entry{Err: errBad})
		}, 1},
		"swaps frames": {func(batch []frame.Entry) {
			for i := range batch {
				batch[i].Frame = batch[0].Frame
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
					c.spoil(batch)
					return nil
				}})
				r.attach(4, FeedOptions{})
				for range 3 {
					r.mustSubmit("a", "b", "c", "d")
					time.Sleep(time.Second)
				}
				equal(t, "failed", r.outcomes()[frame.Failed], 3*c.failed)
				equal(t, "delivered", r.outcomes()[frame.Delivered], 3*(4-c.failed))
				r.end()
			})
		})
	}
}

// An entry with an error fails alone: the others of its batch are delivered.
func TestFault58_OneEntryFailsAlone(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
			batch[1].Err = errBad
			return nil
		}})
		r.attach(4, FeedOptions{})
		r.mustSubmit("a", "b", "c", "d")
		time.Sleep(time.Second)
		equal(t, "failed", r.outcomes()[frame.Failed], 1)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 3)
		equal(t, "consecutive failures", r.Stats().ConsecutiveFailures, 0)
		r.end()
	})
}

// Fault 58: one frame's box is NaN or infinite; the others of its batch are
// delivered.
func TestFault58_OutputWithoutNumbersFailsItsFrameAlone(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, bad := range map[string]frame.Detection{
		"confidence":  {Confidence: nan},
		"box":         {Confidence: .5, Box: frame.Box{XMin: 0, YMin: nan, XMax: 1, YMax: 1}},
		"without end": {Confidence: .5, Box: frame.Box{XMin: inf, YMin: 0, XMax: 1, YMax: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
					for i := range batch {
						batch[i].Output.Detections = []frame.Detection{{Confidence: 1, Box: frame.Box{XMax: 1, YMax: 1}}}
					}
					batch[2].Output.Detections = append(batch[2].Output.Detections, bad)
					return nil
				}})
				r.attach(4, FeedOptions{})
				r.mustSubmit("a", "b", "c", "d")
				synctest.Wait()
				for _, a := range r.got() {
					want := frame.Delivered
					if a.feed == "c" {
						want = frame.Failed
						equal(t, "the reason is known", errors.Is(a.result.Err, ErrNoNumber), true)
					}
					equal(t, "outcome of "+string(a.feed), a.result.Outcome, want)
				}
				r.end()
			})
		})
	}
}

// The seed inferred all forty; nobody waits for any but the one in Process.
func TestFault59_AbandonedFramesAreNotInferred(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(impatient), &fake{process: slowFirst(time.Second)})
		r.attach(41, FeedOptions{})
		for i := range 41 {
			r.mustSubmit(feedName(i))
		}
		time.Sleep(2 * time.Second)
		equal(t, "calls", r.proc.callCount(), 1)
		equal(t, "abandoned", r.Stats().Total.Abandoned, 40)
		equal(t, "timeouts", r.outcomes()[frame.Timeout], 41)
		for i := range 41 {
			equal(t, "in flight", r.ports[feedName(i)].Stats().InFlight, 0)
		}
		r.end()
	})
}

// A processor of 20 ms an entry, 1.8 times as many frames as it can serve, and a
// queue shorter than what the feeds may have in flight.
func TestFault59_TheQueueIsBounded(t *testing.T) {
	virtual(t, func(t *testing.T) {
		const feeds, capacity, each = 6, 8, 20 * time.Millisecond
		r := newRig(t, with("adaptive", func(c *Config) { c.QueueCapacity = capacity }), &fake{process: func(_ context.Context, batch []frame.Entry) error {
			time.Sleep(time.Duration(len(batch)) * each)
			return nil
		}})
		r.attach(feeds, FeedOptions{MaxInFlight: 3})
		for n := range 20 * 90 { // 90 frames a second of 50 that can be served
			_ = r.submit(feedName(n % feeds))
			if length := r.Stats().QueueLength; length > capacity {
				t.Fatalf("%d entries wait, %d may", length, capacity)
			}
			time.Sleep(time.Second / 90)
		}
		r.end()
		var sum, squares float64
		for i := range feeds {
			served := float64(r.ports[feedName(i)].Stats().Outcomes[frame.Delivered])
			sum += served
			squares += served * served
		}
		if jain := sum * sum / (feeds * squares); jain < .98 || sum < 20*45 {
			t.Errorf("Jain index %.3f, %.0f served", jain, sum)
		}
		for _, a := range r.got() {
			if a.result.Outcome != frame.Delivered || a.result.Timings.Total > time.Second {
				t.Errorf("frame %d of %s: %v after %v", a.seq, a.feed, a.result.Outcome, a.result.Timings.Total)
			}
		}
	})
}
