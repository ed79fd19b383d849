// Package nms decides which of a detector's overlapping boxes stand for the
// same thing: greedy non-maximum suppression, within each class as detectors
// are trained and measured with, or regardless of it.
package nms

import (
	"cmp"
	"slices"
)

// Candidate is one box before suppression, its corners in pixels of the
// model's input, finite, with X1 ≤ X2 and Y1 ≤ Y2.
type Candidate struct {
	X1, Y1, X2, Y2 float32
	Score          float32
	Class          int32
	// Index is where the model said it; it orders candidates of equal score, so
	// that results are the same on every run.
	Index int32
}

// IoU is the intersection of two boxes over their union; 0 when both are empty.
func (c Candidate) IoU(o Candidate) float32 {
	w := min(c.X2, o.X2) - max(c.X1, o.X1)
	h := min(c.Y2, o.Y2) - max(c.Y1, o.Y1)
	if w <= 0 || h <= 0 {
		return 0
	}
	i := w * h
	return i / ((c.X2-c.X1)*(c.Y2-c.Y1) + (o.X2-o.X1)*(o.Y2-o.Y1) - i)
}

// MaxCandidates bounds what Keep compares: a model that finds something
// everywhere must not cost quadratic time. Beyond it the lowest scores go.
const MaxCandidates = 2048

// Mode says which boxes compete.
type Mode uint8

const (
	// ByClass: boxes of the same class.
	ByClass Mode = iota
	// Agnostic: all boxes.
	Agnostic
	// Off: none; the model has seen to it.
	Off
)

// Rule is what is kept of candidates.
type Rule struct {
	Mode Mode
	// IoU is the overlap, 0–1, above which the worse of two boxes goes.
	IoU float32
	// Limit is the most that are kept.
	Limit int
}

// Keep keeps the best-scoring candidates that the rule lets stand. It reorders
// c and returns a prefix of it, best first.
func (r Rule) Keep(c []Candidate) []Candidate {
	slices.SortFunc(c, byScore)
	if r.Mode == Off {
		return c[:min(len(c), r.Limit)]
	}
	if len(c) > MaxCandidates {
		c = c[:MaxCandidates]
	}
	kept := c[:0]
	for _, candidate := range c {
		if len(kept) == r.Limit {
			break
		}
		if !r.overlaps(kept, candidate) {
			kept = append(kept, candidate)
		}
	}
	return kept
}

func byScore(a, b Candidate) int {
	if a.Score != b.Score {
		return cmp.Compare(b.Score, a.Score)
	}
	return cmp.Compare(a.Index, b.Index)
}

func (r Rule) overlaps(kept []Candidate, c Candidate) bool {
	for _, k := range kept {
		if (r.Mode == Agnostic || k.Class == c.Class) && k.IoU(c) > r.IoU {
			return true
		}
	}
	return false
}
