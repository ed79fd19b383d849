package scene

import (
	"cmp"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
)

// The matching rule, in one place.
//
// An object counts when at least half of its silhouette is visible; one of
// which less is seen (entering, leaving, hidden) is neither demanded nor
// forbidden. Detections and the objects that count are matched one to one,
// the largest overlap first, where the IoU with the object's whole box is at
// least 0.5: those are found. What is left of the objects is missed. What is
// left of the detections is false, except that each object that does not count
// excuses one detection whose IoU with it is at least 0.5, or of which at
// least half lies within it.
const (
	MinVisible = 0.5
	MinIoU     = 0.5
	minInside  = 0.5
)

// Score compares detections with the truth over many frames.
type Score struct {
	// Frames counted; objects found and missed, detections false and excused.
	Frames, Found, Missed, False, Excused int
	// OverlapSum is the sum of the IoU of those found.
	OverlapSum float64
	// ByKind demands that a detection's label is the object's kind.
	ByKind bool
}

// Recall is the share of objects that were found, 0–1; 1 if there were none.
func (s Score) Recall() float64 { return share(s.Found, s.Missed) }

// Precision is the share of detections that found something, 0–1; 1 if there
// were none.
func (s Score) Precision() float64 { return share(s.Found, s.False) }

func share(good, bad int) float64 {
	if good+bad == 0 {
		return 1
	}
	return float64(good) / float64(good+bad)
}

// MeanIoU is the mean overlap of those found; 0 if there were none.
func (s Score) MeanIoU() float64 { return s.OverlapSum / float64(max(s.Found, 1)) }

// KindScores has a score for each kind, as if there were no other: a detection
// that is labelled as another kind than its object is false for the one and
// leaves the object missed for the other.
type KindScores [NumKinds]Score

// Add counts one frame. Detections of unknown labels are not counted.
func (k *KindScores) Add(truth []Object, got []frame.Detection) {
	for i := range k {
		kind := Kind(i)
		objects := slices.DeleteFunc(slices.Clone(truth), func(o Object) bool { return o.Kind != kind })
		detections := slices.DeleteFunc(slices.Clone(got), func(d frame.Detection) bool { return d.Label != kind.String() })
		k[i].Add(objects, detections)
	}
}

// Verdict is what became of one frame: for each object and each detection
// whether it was found or is excused; the rest is missed or false.
type Verdict struct {
	Objects, Detections []Judgement
}

// Judgement of one object or detection.
type Judgement uint8

// The judgements.
const (
	Wrong Judgement = iota
	Found
	Excused
)

// Add counts one frame and says how.
func (s *Score) Add(truth []Object, got []frame.Detection) Verdict {
	v := Verdict{make([]Judgement, len(truth)), make([]Judgement, len(got))}
	s.match(truth, got, v)
	s.excuse(truth, got, v)
	s.Frames++
	for i, o := range truth {
		if o.Visible >= MinVisible && v.Objects[i] == Wrong {
			s.Missed++
		}
	}
	for _, j := range v.Detections {
		switch j {
		case Found:
			s.Found++
		case Excused:
			s.Excused++
		case Wrong:
			s.False++
		}
	}
	return v
}

type pair struct {
	object, detection int
	overlap           float32
}

func (s *Score) match(truth []Object, got []frame.Detection, v Verdict) {
	var pairs []pair
	for i, o := range truth {
		for k, d := range got {
			if iou := o.Box.IoU(d.Box); o.Visible >= MinVisible && iou >= MinIoU && s.sameKind(o, d) {
				pairs = append(pairs, pair{i, k, iou})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.overlap, a.overlap) })
	for _, p := range pairs {
		if v.Objects[p.object] == Wrong && v.Detections[p.detection] == Wrong {
			v.Objects[p.object], v.Detections[p.detection] = Found, Found
			s.OverlapSum += float64(p.overlap)
		}
	}
}

func (s *Score) excuse(truth []Object, got []frame.Detection, v Verdict) {
	for i, o := range truth {
		if o.Visible >= MinVisible {
			continue
		}
		v.Objects[i] = Excused
		for k, d := range got {
			if v.Detections[k] == Wrong && (o.Box.IoU(d.Box) >= MinIoU || inside(d.Box, o.Box) >= minInside) && s.sameKind(o, d) {
				v.Detections[k] = Excused
				break
			}
		}
	}
}

func (s *Score) sameKind(o Object, d frame.Detection) bool {
	return !s.ByKind || d.Label == o.Kind.String()
}

// inside is the share of a's area that lies within b.
func inside(a, b frame.Box) float32 {
	i := frame.Box{XMin: max(a.XMin, b.XMin), YMin: max(a.YMin, b.YMin), XMax: min(a.XMax, b.XMax), YMax: min(a.YMax, b.YMax)}
	if a.Area() <= 0 {
		return 0
	}
	return i.Area() / a.Area()
}
