package batchsink

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// crops are n regions side by side.
func crops(n int) (regions []frame.Box) {
	for i := range n {
		regions = append(regions, frame.Box{XMin: float32(i) / 8, XMax: float32(i+1) / 8, YMax: 1})
	}
	return regions
}

func (r *rig) submitParts(id frame.FeedID, n int) error {
	f := r.frame(id)
	defer f.Release()
	_, err := r.ports[id].SubmitParts(f, frame.ViewState{}, crops(n))
	return err
}

func TestPartsOfAFrameAreOneTicket(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: func(_ context.Context, batch []frame.Entry) error {
			for i := range batch {
				batch[i].Output.Data = batch[i].Region
			}
			return nil
		}}
		r := newRig(t, seed(nil), p) // batches of 4
		r.attach(2, FeedOptions{MaxParts: 6})
		for _, n := range []int{0, 7} {
			if r.submitParts("a", n) == nil {
				t.Errorf("%d parts were accepted", n)
			}
		}
		if err := r.submitParts("a", 6); err != nil {
			t.Fatal(err)
		}
		equal(t, "in flight", r.ports["a"].Stats().InFlight, 1)
		equal(t, "a second parent", r.submitParts("a", 1), ErrInFlight)
		time.Sleep(time.Second)
		equal(t, "calls", p.callCount(), 2)
		equal(t, "answers", len(r.got()), 1)
		a := r.got()[0]
		equal(t, "outcome", a.result.Outcome, frame.Delivered)
		equal(t, "partial", a.result.Partial, false)
		equal(t, "parts", len(a.parts), 6)
		for i, part := range a.parts {
			equal(t, "region", part.Output.Data, any(crops(6)[i]))
			equal(t, "outcome of a part", part.Outcome, frame.Delivered)
		}
		for range 3 { // reused tickets start afresh
			if err := r.submitParts("a", 2); err != nil {
				t.Fatal(err)
			}
			r.mustSubmit("b")
			time.Sleep(time.Second)
		}
		equal(t, "parts of a whole frame", len(r.got()[6].parts)+len(r.got()[5].parts), 2)
		r.end()
	})
}

func TestPartialAndFailedParents(t *testing.T) {
	for name, c := range map[string]struct {
		bad     int
		outcome frame.Outcome
		partial bool
	}{
		"none":  {0, frame.Delivered, false},
		"some":  {2, frame.Delivered, true},
		"every": {3, frame.Failed, false},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				r := newRig(t, seed(nil), &fake{process: func(_ context.Context, batch []frame.Entry) error {
					for i := range c.bad {
						batch[i].Err = errBad
					}
					return nil
				}})
				r.attach(1, FeedOptions{MaxParts: 3})
				if err := r.submitParts("a", 3); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				equal(t, "answers", len(r.got()), 1)
				equal(t, "outcome", r.got()[0].result.Outcome, c.outcome)
				equal(t, "partial", r.got()[0].result.Partial, c.partial)
				r.end()
			})
		})
	}
}

// A parent that times out while one part is in Process and another queued keeps
// its place until both are gone; nothing more is processed for it.
func TestParentThatTimesOut(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(time.Second)}
		r := newRig(t, seed(func(c *Config) { c.MaxBatchSize = 1; c.ResponseTimeout = 100 * time.Millisecond }), p)
		r.attach(1, FeedOptions{MaxParts: 3})
		if err := r.submitParts("a", 3); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		equal(t, "timeouts", r.outcomes()[frame.Timeout], 1)
		for _, part := range r.got()[0].parts {
			equal(t, "outcome of a part", part.Outcome, frame.Timeout)
		}
		equal(t, "in flight", r.ports["a"].Stats().InFlight, 1)
		time.Sleep(time.Second)
		equal(t, "in flight", r.ports["a"].Stats().InFlight, 0)
		equal(t, "calls", p.callCount(), 1)
		synctest.Wait()
		r.end()
	})
}
