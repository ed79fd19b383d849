package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var yolov8 = Family{
	Name:    "yolov8",
	Outputs: "one output [batch, 4 + classes, cells]",
	Input:   unit(640, letterbox.Centred, 114),
	Raw:     true,
	read:    readYOLOv8,
}

// boxHead is the number of a box's values before the class scores.
const boxHead = 4

func readYOLOv8(g Graph) (r Reading) {
	a, b, ok := g.matrix()
	if !ok {
		return r
	}
	plain, transposed := g.asYOLOv8(a, b), g.asYOLOv8(b, a)
	if plain == Clear && transposed == Clear {
		plain, transposed = Possible, No // as square as a tiny input can make it
	}
	r.Outputs = []int{0}
	if transposed > plain {
		// The shape of YOLOX as well: only the model's own names tell.
		if r.Fit = transposed; !g.Own || !g.named(b-boxHead) {
			r.Fit = Possible
		}
		b, r.Classes = g.columns(b, boxHead)
		r.Decoder, r.Shapes = yolov8Rows{}, [][]int64{{a, b}}
		return r
	}
	r.Fit = plain
	a, r.Classes = g.columns(a, boxHead)
	r.Decoder, r.Shapes = yolov8Columns{}, [][]int64{{a, b}}
	return r
}

func (g Graph) asYOLOv8(values, anchors int64) Fit {
	switch {
	case values != 0 && values <= boxHead:
		return No
	case g.levels(anchors, 1) != nil && values != 0:
		return Clear
	case g.levels(anchors, 1) != nil, anchors == 0 && values == 0:
		return Possible
	case anchors == 0 && g.likely(values-boxHead):
		return Clear
	case anchors == 0 && g.levels(values, 1) == nil, g.named(values - boxHead):
		return Possible
	}
	return No
}

// yolov8Columns reads YOLOv8, v9, 11 and what else gives a column per cell:
//
//	cx, cy, w, h         in pixels of the input
//	one score per class  0–1
//
// A column's confidence is its best class score.
type yolov8Columns struct{}

func (yolov8Columns) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	values, anchors := int(o[0].Shape[0]), int(o[0].Shape[1])
	if values <= boxHead {
		return dst
	}
	out := o[0].Values
	// Some columns at a time, so that memory is read in rows.
	const stripe = 1024
	var score [stripe]float32
	var class [stripe]int32
	for from := 0; from < anchors; from += stripe {
		n := min(stripe, anchors-from)
		bestOf(score[:n], class[:n], out[boxHead*anchors+from:], anchors)
		for k, s := range score[:n] {
			i := from + k
			if !(s >= t.Floor && s >= t.of(int(class[k]))) {
				continue
			}
			if c, ok := centred(out[i], out[anchors+i], out[2*anchors+i], out[3*anchors+i]); ok {
				dst = append(dst, scored(c, int(class[k]), s, i))
			}
		}
	}
	return dst
}

// bestOf finds the best class of each column of rows that are stride apart.
func bestOf(score []float32, class []int32, rows []float32, stride int) {
	n := len(score)
	class = class[:n]
	copy(score, rows)
	clear(class)
	for c := int32(1); len(rows) >= stride+n; c++ {
		rows = rows[stride:]
		for k, s := range rows[:n] {
			if s > score[k] {
				score[k], class[k] = s, c
			}
		}
	}
}

// yolov8Rows reads the same, transposed: a row per cell.
type yolov8Rows struct{}

func (yolov8Rows) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	return rowsOfScores(o[0], t, 1, 1, dst)
}

// rowsOfScores reads rows of cx, cy, w, h, in units of width and height pixels,
// and one score per class.
func rowsOfScores(o Output, t Thresholds, width, height float32, dst []nms.Candidate) []nms.Candidate {
	rows, columns := int(o.Shape[0]), int(o.Shape[1])
	if columns <= boxHead {
		return dst
	}
	for i := range rows {
		row := o.Values[i*columns:][:columns]
		class, score := best(row[boxHead:])
		if !(score >= t.of(class)) {
			continue
		}
		if c, ok := centred(row[0]*width, row[1]*height, row[2]*width, row[3]*height); ok {
			dst = append(dst, scored(c, class, score, i))
		}
	}
	return dst
}
