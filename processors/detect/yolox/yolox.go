// Package yolox reads the output of YOLOX detectors as their own export
// leaves it: one row per anchor, a grid cell at one of the strides, with
//
//	cx, cy, log w, log h   in units of the cell's stride, relative to the cell
//	objectness             0–1
//	one score per class    0–1
//
// An anchor's confidence is its objectness times its best class score.
package yolox

import (
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

// rowHead is the number of columns before the class scores.
const rowHead = 5

// strideSets are the pyramids that the published models have: three levels,
// or four in the large-input variants.
var strideSets = [][]int{{8, 16, 32}, {8, 16, 32, 64}}

// Head knows the rows of one model. It is immutable.
type Head struct {
	Width, Height int
	Classes       int
	cells         []cell
}

type cell struct{ x, y, stride float32 }

// NewHead returns the head for a width×height input whose output has rows rows
// of columns columns; ok is false when no YOLOX head has such an output.
func NewHead(width, height, rows, columns int) (h *Head, ok bool) {
	if width <= 0 || height <= 0 || rows <= 0 || columns <= rowHead {
		return nil, false
	}
	for _, strides := range strideSets {
		if Rows(width, height, strides) == rows {
			return &Head{width, height, columns - rowHead, cells(width, height, strides)}, true
		}
	}
	return nil, false
}

// DefaultRows is the number of rows that a width×height input usually gives.
func DefaultRows(width, height int) int { return Rows(width, height, strideSets[0]) }

// Rows is the number of rows that a width×height input gives with these
// strides; 0 when a stride does not divide the input.
func Rows(width, height int, strides []int) int {
	n := 0
	for _, s := range strides {
		if width%s != 0 || height%s != 0 {
			return 0
		}
		n += (width / s) * (height / s)
	}
	return n
}

func cells(width, height int, strides []int) []cell {
	var all []cell
	for _, s := range strides {
		for y := range height / s {
			for x := range width / s {
				all = append(all, cell{float32(x), float32(y), float32(s)})
			}
		}
	}
	return all
}

// Len is the number of values of one picture's output.
func (h *Head) Len() int { return len(h.cells) * (rowHead + h.Classes) }

// Decode appends to dst what one picture's output holds. threshold has the
// least confidence for each class, +Inf for a class that is not wanted; floor
// is the least of them. Rows with values that are no numbers, or boxes that
// are not finite, are left out. Boxes are not clipped.
func (h *Head) Decode(out []float32, threshold []float32, floor float32, dst []nms.Candidate) []nms.Candidate {
	columns := rowHead + h.Classes
	for i, cell := range h.cells {
		row := out[i*columns:][:columns]
		// Class scores are at most 1, so most rows end here, unread. Written so
		// that NaN ends here too.
		objectness := row[4]
		if !(objectness >= floor) {
			continue
		}
		class, best := argmax(row[rowHead:])
		score := min(objectness*best, 1)
		if !(score >= threshold[class]) {
			continue
		}
		if c, ok := cell.box(row); ok {
			c.Score, c.Class, c.Index = score, int32(class), int32(i)
			dst = append(dst, c)
		}
	}
	return dst
}

func argmax(scores []float32) (int, float32) {
	class, best := 0, scores[0]
	for i, s := range scores {
		if s > best {
			class, best = i, s
		}
	}
	return class, best
}

// box reads a row's box; ok is false when it is not finite.
func (c cell) box(row []float32) (nms.Candidate, bool) {
	cx, cy := (row[0]+c.x)*c.stride, (row[1]+c.y)*c.stride
	w := float32(math.Exp(float64(row[2]))) * c.stride / 2
	h := float32(math.Exp(float64(row[3]))) * c.stride / 2
	b := nms.Candidate{X1: cx - w, Y1: cy - h, X2: cx + w, Y2: cy + h}
	// Far above any picture and far below where areas overflow. NaN fails it.
	const limit = 1e6
	ok := b.X1 >= -limit && b.Y1 >= -limit && b.X2 <= limit && b.Y2 <= limit && b.X1 <= b.X2 && b.Y1 <= b.Y2
	return b, ok
}
