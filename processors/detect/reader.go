package detect

import (
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Reader turns a model's outputs into detections. Each goroutine has its own,
// which keeps the memory it needs.
type Reader struct {
	plan       *Plan
	outputs    []family.Output
	converted  [][]float32 // room for outputs that are not float32
	candidates []nms.Candidate
}

// NewReader returns a reader of the plan's outputs.
func (p *Plan) NewReader() *Reader {
	return &Reader{plan: p, outputs: make([]family.Output, len(p.Outputs)), converted: make([][]float32, len(p.Outputs))}
}

// Picture is what the outputs of a run say of its picture i, which lay at fit
// in the input and is region of its frame; best first, nil when nothing was
// found. The outputs must have passed Plan.Check; they are not kept.
func (r *Reader) Picture(outputs []tensor.Tensor, i int, fit letterbox.Fit, region frame.Box) []frame.Detection {
	for k, out := range outputs {
		r.outputs[k] = r.output(k, out, i)
	}
	r.candidates = r.plan.decoder.Decode(r.outputs, r.plan.thresholds, r.candidates[:0])
	kept := r.plan.rule.Keep(r.candidates)
	if len(kept) == 0 {
		return nil
	}
	found := make([]frame.Detection, 0, len(kept))
	for _, c := range kept {
		if box, ok := r.plan.place(c, fit, region); ok {
			class := int(c.Class)
			found = append(found, frame.Detection{Class: class, Label: r.plan.label(class), Confidence: c.Score, Box: box})
		}
	}
	return found
}

// output is the values of one picture in one output.
func (r *Reader) output(k int, out tensor.Tensor, i int) family.Output {
	shape := out.Shape[1:]
	size := tensor.Len(shape) * out.Type.Size()
	data := out.Data[i*size:][:size]
	values := tensor.Floats(r.converted[k], out.Type, data)
	if out.Type != tensor.Float32 {
		r.converted[k] = values
	}
	return family.Output{Shape: shape, Values: values}
}

// place is where in the full picture a candidate is; ok is false when it is
// outside, or too small.
func (p *Plan) place(c nms.Candidate, fit letterbox.Fit, region frame.Box) (box frame.Box, ok bool) {
	if p.family.Whole {
		if region == (frame.Box{}) {
			region = frame.Box{XMax: 1, YMax: 1}
		}
		return region, true
	}
	least := float32(p.cfg.MinSize)
	box, ok = fit.Box(c.X1, c.Y1, c.X2, c.Y2)
	return box, ok && box.XMax-box.XMin >= least && box.YMax-box.YMin >= least
}
