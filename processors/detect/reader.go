package detect

import (
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Reader turns a model's outputs into detections. Each goroutine has its own,
// which keeps the memory it needs.
type Reader struct {
	plan       *Plan
	outputs    []Output
	candidates []nms.Candidate
}

// NewReader returns a reader of the plan's outputs.
func (p *Plan) NewReader() *Reader { return &Reader{plan: p} }

// Picture is what the outputs of a run say of its picture i, which lay at fit
// in the input and is region of its frame; best first, nil when nothing was
// found. The outputs must have passed Plan.Check; they are not kept.
func (r *Reader) Picture(outputs []tensor.Tensor, i int, fit letterbox.Fit, region frame.Box) []frame.Detection {
	p := r.plan
	r.outputs = r.outputs[:0]
	for k, out := range outputs {
		n := tensor.Len(p.want[k])
		r.outputs = append(r.outputs, Output{p.want[k], tensor.View[float32](out.Data)[i*n:][:n]})
	}
	r.candidates = p.decoder.Decode(r.outputs, p.thresholds, r.candidates[:0])
	kept := nms.Suppress(r.candidates, float32(p.cfg.NMSIoU), p.cfg.MaxDetections)
	if len(kept) == 0 {
		return nil
	}
	found := make([]frame.Detection, 0, len(kept))
	least := float32(p.cfg.MinSize)
	for _, c := range kept {
		box, ok := fit.Box(c.X1, c.Y1, c.X2, c.Y2)
		if !ok || box.XMax-box.XMin < least || box.YMax-box.YMin < least {
			continue
		}
		found = append(found, frame.Detection{
			Class: int(c.Class), Label: p.labels[c.Class], Confidence: c.Score, Box: box,
		})
	}
	return found
}
