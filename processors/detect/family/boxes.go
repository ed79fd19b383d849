package family

import (
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

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

// best is the first of the highest values; values must not be empty.
func best(values []float32) (int, float32) {
	at, most := 0, values[0]
	for i, v := range values {
		if v > most {
			at, most = i, v
		}
	}
	return at, most
}

// logit is where a sigmoid has the value p.
func logit(p float32) float32 {
	return float32(math.Log(float64(p) / (1 - float64(p))))
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// softmaxOf is the softmax of one of the values, the highest of which is top;
// NaN if one of them is NaN or top is infinite.
func softmaxOf(values []float32, x, top float32) float32 {
	sum := 0.
	for _, v := range values {
		sum += math.Exp(float64(v - top))
	}
	return float32(math.Exp(float64(x-top)) / sum)
}
