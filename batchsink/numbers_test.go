package batchsink

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"

	"github.com/nvpipe/nvpipe/frame"
)

// Fault 58: one frame's box is NaN or infinite; the others of its batch are
// delivered.
func TestAnOutputWithoutNumbersFailsItsFrameAlone(t *testing.T) {
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
