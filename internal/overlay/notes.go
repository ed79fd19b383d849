package overlay

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

const (
	// noteShare is how much of a detection's box another one covers that says
	// something of the whole of it: a classifier's answer has the crop's box.
	noteShare = 0.7
	// maxNotes is how many stand on one plate.
	maxNotes = 4
)

// note is a detection that says more of another one: it is a line on that one's
// plate and has no box of its own.
type note struct {
	of, detection *frame.Detection
	age           time.Duration // 0: not old
}

// noteOn is the detection that d of finding f says more of; nil: none, d is a
// thing of its own.
func (p *Painter) noteOn(findings []frame.Finding, f *frame.Finding, d *frame.Detection) *frame.Detection {
	if f.Of == "" {
		return nil
	}
	for i := range findings {
		if parent := &findings[i]; parent.Processor == f.Of {
			return p.first(subject(parent, f, d))
		}
	}
	return nil
}

// subject is d's parent. Where the parent's finding is of another frame it is
// whatever stands in the same place.
func subject(parent, f *frame.Finding, d *frame.Detection) *frame.Detection {
	among := parent.Result.Output.Detections
	if parent.Age == f.Age {
		if d.Parent < 0 || d.Parent >= len(among) {
			return nil
		}
		among = among[d.Parent:][:1]
	}
	var best *frame.Detection
	var most float32
	for i := range among {
		o := &among[i]
		if iou := o.Box.IoU(d.Box); enclose(d.Box, o.Box) && (best == nil || iou > most) {
			best, most = o, iou
		}
	}
	return best
}

// enclose reports whether b covers most of o.
func enclose(b, o frame.Box) bool {
	common := frame.Box{
		XMin: max(b.XMin, o.XMin), YMin: max(b.YMin, o.YMin),
		XMax: min(b.XMax, o.XMax), YMax: min(b.YMax, o.YMax),
	}
	return common.Area() > 0 && common.Area() >= noteShare*o.Area()
}

// first is what a note on a note is on in the end.
func (p *Painter) first(d *frame.Detection) *frame.Detection {
	for i := range p.notes {
		if d != nil && p.notes[i].detection == d {
			return p.notes[i].of
		}
	}
	return d
}
