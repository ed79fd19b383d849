package family

import (
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var yolox = Family{
	Name:    "yolox",
	Outputs: "one output [batch, cells, 5 + classes]",
	Input:   Input{Side: 640, Order: letterbox.BGR, Mode: letterbox.TopLeft, Pad: 114, Scale: 1, Deviation: ones},
	Raw:     true,
	read:    readYOLOX,
}

// rowHead is the number of a row's values before the class scores, in YOLOX
// and YOLOv5.
const rowHead = 5

func readYOLOX(g Graph) (r Reading) {
	rows, columns, ok := g.matrix()
	if !ok || columns != 0 && columns <= rowHead {
		return r
	}
	strides := strideSets[0]
	switch {
	case rows == 0 && cells(g.Width, g.Height, strides) > 0:
		r.Fit = Possible
	case g.levels(rows, 1) == nil:
		return r
	default:
		strides = g.levels(rows, 1)
		r.Fit = Clear
		// The exports of YOLOv6 have the shape of YOLOX and this name; with
		// other names given the same may be a transposed YOLOv8.
		if g.Outputs[0].Name == "outputs" || columns == 0 || g.named(columns-4) {
			r.Fit = Possible
		}
	}
	columns, r.Classes = g.columns(columns, rowHead)
	r.Decoder = newYOLOXDecoder(g.Width, g.Height, strides)
	r.Outputs, r.Shapes = []int{0}, [][]int64{{cells(g.Width, g.Height, strides), columns}}
	return r
}

// yoloxDecoder reads the output of YOLOX as its own export leaves it: one row
// per cell, with
//
//	cx, cy, log w, log h   in units of the cell's stride, relative to the cell
//	objectness             0–1
//	one score per class    0–1
//
// A row's confidence is its objectness times its best class score.
type yoloxDecoder struct{ cells []cell }

type cell struct{ x, y, stride float32 }

func newYOLOXDecoder(width, height int, strides []int) yoloxDecoder {
	var all []cell
	for _, s := range strides {
		for y := range height / s {
			for x := range width / s {
				all = append(all, cell{float32(x), float32(y), float32(s)})
			}
		}
	}
	return yoloxDecoder{all}
}

func (d yoloxDecoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	columns := int(o[0].Shape[1])
	for i, cell := range d.cells {
		row := o[0].Values[i*columns:][:columns]
		class, score, ok := ofRow(row, t)
		if !ok {
			continue
		}
		if c, ok := cell.box(row); ok {
			dst = append(dst, scored(c, class, score, i))
		}
	}
	return dst
}

// ofRow is the best class of a row of YOLOX or YOLOv5, if it is confident enough.
func ofRow(row []float32, t Thresholds) (class int, score float32, ok bool) {
	// Class scores are at most 1, so most rows end here, unread. Written so
	// that NaN ends here too.
	objectness := row[4]
	if !(objectness >= t.Floor) {
		return 0, 0, false
	}
	class, score = best(row[rowHead:])
	score *= objectness
	return class, score, score >= t.of(class)
}

func (c cell) box(row []float32) (nms.Candidate, bool) {
	size := func(log float32) float32 { return float32(math.Exp(float64(log))) * c.stride }
	return centred((row[0]+c.x)*c.stride, (row[1]+c.y)*c.stride, size(row[2]), size(row[3]))
}
