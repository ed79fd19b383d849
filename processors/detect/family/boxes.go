package family

import "github.com/nvpipe/nvpipe/processors/detect/nms"

// boxLimit in pixels is far above any picture and far below where areas overflow.
const boxLimit = 1e6

// corners is a box by its corners; ok is false when it is inside out or not
// finite.
func corners(x1, y1, x2, y2 float32) (c nms.Candidate, ok bool) {
	// Written so that NaN fails it.
	ok = x1 >= -boxLimit && y1 >= -boxLimit && x2 <= boxLimit && y2 <= boxLimit && x1 <= x2 && y1 <= y2
	return nms.Candidate{X1: x1, Y1: y1, X2: x2, Y2: y2}, ok
}

// centred is a box by its centre and size.
func centred(cx, cy, w, h float32) (nms.Candidate, bool) {
	w, h = w/2, h/2
	return corners(cx-w, cy-h, cx+w, cy+h)
}

// scored says what a box is.
func scored(c nms.Candidate, class int, score float32, index int) nms.Candidate {
	c.Class, c.Score, c.Index = int32(class), min(score, 1), int32(index)
	return c
}
