package processortest

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
)

var hashSeed = maphash.MakeSeed()

// snapshot is what must not change while a batch is processed.
type snapshot struct {
	frames []*frame.Frame
	views  []frame.ViewState
	refs   []int
	sums   []uint64
}

func photograph(batch []frame.Entry) snapshot {
	var s snapshot
	for _, e := range batch {
		s.frames = append(s.frames, e.Frame)
		s.views = append(s.views, e.View)
		s.refs = append(s.refs, e.Frame.Refs())
		s.sums = append(s.sums, pixelSum(e.Frame))
	}
	return s
}

func pixelSum(f *frame.Frame) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, p := range f.Planes {
		_, _ = h.Write(p.Data)
	}
	return h.Sum64()
}

func (s snapshot) compare(batch []frame.Entry) error {
	for i, e := range batch {
		switch {
		case e.Frame != s.frames[i] || e.View != s.views[i]:
			return fmt.Errorf("entry %d: Process changed its Frame or View; entries belong to the caller", i)
		case e.Frame.Refs() != s.refs[i]:
			return fmt.Errorf("entry %d: the frame had %d references before Process and has %d after; do not Retain or Release frames", i, s.refs[i], e.Frame.Refs())
		case pixelSum(e.Frame) != s.sums[i]:
			return fmt.Errorf("entry %d: Process wrote into the picture; it is shared with other readers", i)
		}
		if err := verifyOutput(e.Output); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return verifyBeyond(batch)
}

// verifyBeyond looks at the entries between a batch's length and its capacity,
// which are no part of it.
func verifyBeyond(batch []frame.Entry) error {
	for i, e := range batch[len(batch):cap(batch)] {
		if e.Frame != nil || e.Err != nil || !empty(e.Output) {
			return fmt.Errorf("Process wrote to entry %d of a batch of %d", len(batch)+i, len(batch))
		}
	}
	return nil
}

func empty(o frame.Output) bool { return len(o.Detections) == 0 && o.Data == nil }

func verifyOutput(o frame.Output) error {
	for i, d := range o.Detections {
		if !(d.Confidence >= 0 && d.Confidence <= 1) {
			return fmt.Errorf("detection %d: confidence %v is not within 0–1", i, d.Confidence)
		}
		b := d.Box
		if !(b.XMin >= 0 && b.XMin < b.XMax && b.XMax <= 1 && b.YMin >= 0 && b.YMin < b.YMax && b.YMax <= 1) {
			return fmt.Errorf("detection %d: box %v is not within 0–1 with min < max", i, b)
		}
		if d.Class < -1 {
			return fmt.Errorf("detection %d: class %d; -1 is for no class", i, d.Class)
		}
	}
	return nil
}

// same compares the detections of two runs, matched in order.
func same(a, b frame.Output, tolerance float64) error {
	if len(a.Detections) != len(b.Detections) {
		return fmt.Errorf("%d detections, then %d", len(a.Detections), len(b.Detections))
	}
	for i, x := range a.Detections {
		y := b.Detections[i]
		if x.Class != y.Class || x.Label != y.Label || !near(x, y, tolerance) {
			return fmt.Errorf("detection %d: %v, then %v", i, x, y)
		}
	}
	return nil
}

func near(x, y frame.Detection, tolerance float64) bool {
	pairs := [...][2]float32{
		{x.Confidence, y.Confidence}, {x.Box.XMin, y.Box.XMin}, {x.Box.YMin, y.Box.YMin},
		{x.Box.XMax, y.Box.XMax}, {x.Box.YMax, y.Box.YMax},
	}
	for _, p := range pairs {
		if math.Abs(float64(p[0])-float64(p[1])) > tolerance {
			return false
		}
	}
	return true
}

func copyOutput(o frame.Output) frame.Output {
	return frame.Output{Detections: slices.Clone(o.Detections), Data: o.Data}
}
