package detect

import (
	"sync"
	"sync/atomic"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
)

// Intake turns pictures into inputs ahead of their batches. It has only Go's
// memory: it works before there is a [Detector] and after that was closed. Any
// goroutine may use it.
type Intake struct {
	plan      *Plan
	converter *letterbox.Converter
	cupboard  *cupboard
	scratches sync.Pool

	inPlace, copied, converted atomic.Uint64
}

// Counts is how pictures came into the trays that were run.
type Counts struct {
	// InPlace were prepared, and run where that had put them; Copied were
	// prepared, and had to be moved; Converted were not prepared in time.
	InPlace, Copied, Converted uint64
}

// NewIntake returns an intake for runs of up to maxBatch pictures. Its memory,
// and that of the detector's own trays, is made when it is first needed: four
// trays of Plan.Chunk(maxBatch) inputs at most, two of them filled ahead.
func NewIntake(p *Plan, maxBatch int) *Intake {
	return &Intake{
		plan: p, converter: letterbox.NewConverter(p.Target), cupboard: newCupboard(p, p.Chunk(maxBatch)),
		scratches: sync.Pool{New: func() any { return new(letterbox.Scratch) }},
	}
}

// Prepare letterboxes the entry's picture into a tray; nil: there is no room
// until something prepared earlier has been released. A picture that cannot be
// read is left to Process.
func (in *Intake) Prepare(e *frame.Entry) frame.Prepared {
	fit, err := in.converter.Fit(e.Frame, e.Region)
	if err != nil {
		return nothing{}
	}
	s := in.cupboard.slotAhead()
	if s == nil {
		return nil
	}
	done := false
	defer func() {
		if !done {
			s.Release()
		}
	}()
	scratch := in.scratches.Get().(*letterbox.Scratch)
	in.convert(e.Frame, fit, s, scratch)
	in.scratches.Put(scratch)
	done = true
	return s
}

// nothing is what is prepared of a picture that cannot be read.
type nothing struct{}

func (nothing) Release() {}

// convert fills a slot, which is the caller's.
func (in *Intake) convert(f *frame.Frame, fit letterbox.Fit, s *slot, scratch *letterbox.Scratch) {
	dst := s.data()
	if s.fit = fit; s.padded != fit.Filled {
		in.converter.Pad(dst, fit)
		s.padded = fit.Filled
	}
	in.converter.Picture(dst, f, fit, scratch)
}

// Counts are those since the intake was made.
func (in *Intake) Counts() Counts {
	return Counts{InPlace: in.inPlace.Load(), Copied: in.copied.Load(), Converted: in.converted.Load()}
}

// count notes how the pictures of a batch came to where they are.
func (in *Intake) count(jobs []job) {
	for i := range jobs {
		switch j := &jobs[i]; j.from {
		case nil:
			in.converted.Add(1)
		case j.slot:
			in.inPlace.Add(1)
		default:
			in.copied.Add(1)
		}
	}
}

// Bytes is the memory of the inputs so far: of all trays that were needed.
func (in *Intake) Bytes() int { return in.cupboard.bytes() }
