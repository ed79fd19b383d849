package batchsink

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// forehanded is a processor that prepares, and may leave work to be finished.
type forehanded struct {
	fake
	prepare func(e *frame.Entry) frame.Prepared
	asked   atomic.Int32
}

func (p *forehanded) Prepare(e *frame.Entry) frame.Prepared {
	p.asked.Add(1)
	return p.prepare(e)
}

// made is one thing prepared, or to be finished.
type made struct {
	seq      uint64
	finish   func(e *frame.Entry)
	released atomic.Int32
	finished atomic.Int32
}

func (m *made) Release() { m.released.Add(1) }
func (m *made) Finish(e *frame.Entry) {
	m.finished.Add(1)
	m.finish(e)
}

func newForehanded(t *testing.T, cfg Config, p *forehanded) *rig {
	t.Helper()
	r := newRigWith(t, cfg, func() (Processor, error) { return p, nil })
	r.proc = &p.fake
	return r
}

// Entries that wait while a batch is processed are prepared meanwhile.
func TestWaitingEntriesArePreparedBesideTheCall(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var mu sync.Mutex
		var all []*made
		var seen []uint64
		p := &forehanded{prepare: func(e *frame.Entry) frame.Prepared {
			time.Sleep(2 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			m := &made{seq: e.Frame.Seq}
			all = append(all, m)
			return m
		}}
		p.process = func(_ context.Context, batch []frame.Entry) error {
			time.Sleep(10 * time.Millisecond)
			for _, e := range batch {
				if m, ok := e.Prepared.(*made); ok {
					equal(t, "prepared for", m.seq, e.Frame.Seq)
					equal(t, "released before Process has returned", m.released.Load(), 0)
					mu.Lock()
					seen = append(seen, m.seq)
					mu.Unlock()
				}
			}
			return nil
		}
		cfg := DefaultConfig()
		cfg.Policy = "eager"
		r := newForehanded(t, cfg, p)
		r.attach(4, FeedOptions{})
		began := time.Now()
		r.mustSubmit("a") // is taken at once: there is no time to prepare it
		synctest.Wait()
		r.mustSubmit("b", "c", "d")
		time.Sleep(time.Second)
		mu.Lock()
		equal(t, "entries that came prepared", len(seen), 3)
		mu.Unlock()
		equal(t, "prepared, counted", r.Stats().Prepared, 3)
		for _, a := range r.got()[1:] {
			equal(t, "answered after two calls and no preparation", a.at.Sub(began), 20*time.Millisecond)
		}
		r.end()
		mu.Lock()
		defer mu.Unlock()
		for _, m := range all {
			equal(t, "released", m.released.Load(), 1)
		}
	})
}

// Where there is no room it is asked again when something was released.
func TestPreparingStopsWhenThereIsNoRoom(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var room atomic.Int32
		room.Store(1)
		p := &forehanded{prepare: func(e *frame.Entry) frame.Prepared {
			if room.Add(-1) < 0 {
				room.Add(1)
				return nil
			}
			return &counted{&room}
		}}
		p.process = takes(10 * time.Millisecond)
		cfg := DefaultConfig()
		cfg.Policy, cfg.MaxBatchSize = "eager", 1
		r := newForehanded(t, cfg, p)
		r.attach(6, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b", "c", "d", "e", "f")
		synctest.Wait()
		// One is prepared; each helper may have found that there is no room for more.
		if n := p.asked.Load(); n < 2 || n > 1+maxHelpers {
			t.Errorf("asked %d times while there is room for one", n)
		}
		time.Sleep(time.Second)
		equal(t, "prepared: every other, since there is room again when a call has ended", r.Stats().Prepared, 3)
		equal(t, "room", room.Load(), 1)
		r.end()
	})
}

type counted struct{ room *atomic.Int32 }

func (c *counted) Release() { c.room.Add(1) }

// What is left to be finished does not keep the next batch waiting, and answers
// keep their order.
func TestFinishingOverlapsTheNextBatch(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &forehanded{prepare: func(*frame.Entry) frame.Prepared { return nil }}
		p.process = func(_ context.Context, batch []frame.Entry) error {
			time.Sleep(10 * time.Millisecond)
			for i := range batch {
				nap := 5 * time.Millisecond
				if batch[i].Frame.Seq == 1 {
					nap = 25 * time.Millisecond // the feed's second frame is finished before
				}
				batch[i].Finish = &made{finish: func(e *frame.Entry) {
					time.Sleep(nap)
					if e.Frame != nil {
						t.Error("the frame is the processor's no more")
					}
					e.Output.Data = "finished"
				}}
			}
			return nil
		}
		cfg := DefaultConfig()
		cfg.Policy, cfg.MaxBatchSize = "eager", 1
		r := newForehanded(t, cfg, p)
		r.attach(1, FeedOptions{MaxInFlight: 2})
		began := time.Now()
		r.mustSubmit("a", "a")
		time.Sleep(21 * time.Millisecond)
		equal(t, "frames held when both calls are over", r.held(), 2) // the tickets'
		equal(t, "calls", p.callCount(), 2)
		time.Sleep(time.Second)
		got := r.got()
		for i, a := range got {
			equal(t, "order", a.seq, uint64(i+1))
			equal(t, "output", a.result.Output.Data, any("finished"))
			equal(t, "answered", a.at.Sub(began), 35*time.Millisecond)
		}
		equal(t, "answers", len(got), 2)
		r.end()
	})
}

// leavesMore is a processor that takes 10 ms and has its entries finished by
// what their view's epoch says. all is what it made.
func leavesMore(all *[]*made) *forehanded {
	p := &forehanded{prepare: func(*frame.Entry) frame.Prepared { panic("boom") }}
	p.process = func(_ context.Context, batch []frame.Entry) error {
		time.Sleep(10 * time.Millisecond)
		for i := range batch {
			m := &made{finish: func(e *frame.Entry) {
				switch e.View.Epoch {
				case 1:
					panic("boom")
				case 2:
					e.Err = errBad
				case 3:
					e.Output.Detections = []frame.Detection{{Confidence: float32(nan())}}
				}
			}}
			*all = append(*all, m)
			batch[i].Finish = m
		}
		return nil
	}
	return p
}

func (r *rig) submitEpochs(ids ...frame.FeedID) {
	for i, id := range ids {
		f := r.frame(id)
		if _, err := r.ports[id].Submit(f, frame.ViewState{Epoch: uint64(i)}); err != nil {
			r.t.Fatal(err)
		}
		f.Release()
	}
}

// An entry that cannot be finished fails alone, and is told of like any other
// failure.
func TestFinishingThatFails(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var all []*made
		r := newForehanded(t, DefaultConfig(), leavesMore(&all))
		r.attach(4, FeedOptions{})
		r.submitEpochs("a", "b", "c", "d")
		time.Sleep(time.Second)
		equal(t, "delivered", r.outcomes()[frame.Delivered], 1)
		equal(t, "failed", r.outcomes()[frame.Failed], 3)
		for _, m := range all {
			equal(t, "released and finished", [2]int32{m.released.Load(), m.finished.Load()}, [2]int32{0, 1})
		}
		equal(t, "losses", r.Stats().Losses, 0)
		r.end()
		_, told := r.eventsOf(BatchError)
		equal(t, "batches told to have failed", told, 1)
	})
}

// What nobody waits for any more is not finished.
func TestNothingIsFinishedForNobody(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var all []*made
		cfg := DefaultConfig()
		cfg.MaxLatency, cfg.ResponseTimeout = time.Millisecond, 5*time.Millisecond
		r := newForehanded(t, cfg, leavesMore(&all))
		r.attach(2, FeedOptions{})
		r.submitEpochs("a", "b")
		time.Sleep(time.Second)
		equal(t, "timed out", r.outcomes()[frame.Timeout], 2)
		equal(t, "late", r.Stats().Total.Late, 2)
		equal(t, "made", len(all), 2)
		for _, m := range all {
			equal(t, "released and finished", [2]int32{m.released.Load(), m.finished.Load()}, [2]int32{1, 0})
		}
		r.end()
	})
}

func nan() float64 { var zero float64; return zero / zero }

// A helper that never comes back is left behind, and said to be.
func TestStopDoesNotWaitForAHelperForever(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		p := &forehanded{prepare: func(*frame.Entry) frame.Prepared { <-release; return nil }}
		p.process = takes(10 * time.Millisecond)
		cfg := DefaultConfig()
		cfg.Policy, cfg.StopTimeout = "eager", time.Second
		r := newForehanded(t, cfg, p)
		r.attach(2, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b")
		synctest.Wait()
		began := time.Now()
		if err := r.stopNow(); err == nil {
			t.Error("nothing is said of the helper")
		}
		equal(t, "stopped after", time.Since(began), time.Second)
		close(release)
		r.checkQuiet()
	})
}
