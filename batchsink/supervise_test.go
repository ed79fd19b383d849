package batchsink

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// hangsOnce is a processor whose first call of the first instance made hangs
// until released, and then reads and writes what it was given.
type hangsOnce struct {
	made    atomic.Int32
	release chan bool
	wrote   atomic.Int32
}

func (h *hangsOnce) rig(t *testing.T, cfg Config) *rig {
	h.release = make(chan bool)
	return newRigOf(t, cfg, func(n int) *fake {
		h.made.Store(int32(n))
		return &fake{process: func(ctx context.Context, batch []frame.Entry) error {
			if n > 1 {
				return nil
			}
			<-h.release
			for i := range batch {
				if batch[i].Frame.Planes[0].Data[0] != 0 {
					batch[i].Output.Data = "late"
					h.wrote.Add(1)
				}
			}
			return nil
		}}
	})
}

func TestStageErrorOncePerLossAndLiveFeed(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var hang atomic.Bool
		r := newRigOf(t, seed(func(c *Config) { c.MaxBatchSize = 1 }), func(int) *fake {
			return &fake{process: func(ctx context.Context, _ []frame.Entry) error {
				if hang.Load() {
					<-ctx.Done()
				}
				return nil
			}}
		})
		r.attach(3, FeedOptions{})
		r.ports["c"].SetLive(false)
		for loss := 1; loss <= 3; loss++ {
			hang.Store(true)
			r.mustSubmit("a")
			time.Sleep(5*time.Second + time.Millisecond)
			hang.Store(false)
			for range 5 {
				for _, id := range []frame.FeedID{"a", "b", "c"} {
					equal(t, "meanwhile", r.submit(id), ErrUnavailable)
				}
			}
			synctest.Wait()
			_, told := r.eventsOf(StageError)
			equal(t, "told", told, 2*loss)
			time.Sleep(time.Second)
			r.mustSubmit("a", "b") // their results arm them again
			synctest.Wait()
		}
		_, lost := r.eventsOf(ProcessorLost)
		equal(t, "losses", lost, 3)
		r.end()
	})
}

func TestRestartBacksOffAndStopsWhenTold(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var starts []time.Time
		var mu sync.Mutex
		r := newRigOf(t, seed(func(c *Config) { c.MaxBatchSize = 1 }), func(n int) *fake {
			return &fake{
				start: func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					starts = append(starts, time.Now())
					if n > 1 {
						return errBad
					}
					return nil
				},
				process: func(context.Context, []frame.Entry) error { return errBad },
			}
		})
		r.attach(1, FeedOptions{})
		for range 10 {
			r.mustSubmit("a")
			synctest.Wait()
		}
		time.Sleep(200 * time.Second)
		mu.Lock()
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			equal(t, "pause", starts[i+1].Sub(starts[i]), want*time.Second)
		}
		mu.Unlock()
		_, failed := r.eventsOf(ProcessorStartFailed)
		if failed < 8 {
			t.Errorf("%d failed starts reported", failed)
		}
		began := time.Now()
		r.end()
		equal(t, "stop while waiting to restart", time.Since(began), 0)
	})
}

func TestTooManyStuckCallsAreFatal(t *testing.T) {
	virtual(t, func(t *testing.T) {
		release := make(chan bool)
		var fatal []error
		h, err := New(context.Background(), t.Name(), seed(func(c *Config) { c.MaxStuck = 1; c.MaxBatchSize = 1 }), func() (Processor, error) {
			return &fake{process: func(context.Context, []frame.Entry) error {
				<-release
				return nil
			}}, nil
		}, Options{OnFatal: func(err error) { fatal = append(fatal, err) }})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := h.Attach("a", FeedOptions{})
		f := benchFrame("a")
		for range 2 {
			p.SubmitAndWait(context.Background(), f, frame.ViewState{})
			time.Sleep(10 * time.Second)
		}
		close(release)
		h.Stop(context.Background())
		synctest.Wait()
		if len(fatal) != 1 || !errors.Is(fatal[0], ErrHung) {
			t.Errorf("fatal: %v", fatal)
		}
		equal(t, "references", f.Refs(), 1)
	})
}

func TestIDIsFreeAgainAfterALoss(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var p hangsOnce
		r := p.rig(t, seed(func(c *Config) { c.MaxBatchSize = 1 }))
		r.attach(1, FeedOptions{})
		r.mustSubmit("a")
		time.Sleep(5*time.Second + 500*time.Millisecond)
		r.stopNow()
		h, err, _ := tryNew(t, &fake{})
		if err != nil {
			t.Fatal(err)
		}
		h.Stop(context.Background())
		close(p.release)
		r.checkQuiet()
	})
}
