package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var yolov10 = Family{
	Name:    "yolov10",
	Outputs: "one output [batch, rows, 6]",
	Input:   unit(640, letterbox.Centred, 114),
	read:    readYOLOv10,
}

// rowEnd is the number of values of an end-to-end row.
const rowEnd = 6

// maxRows is what no end-to-end model has by far, and cells of a usual input are above.
const maxRows = 1024

func readYOLOv10(g Graph) (r Reading) {
	rows, columns, ok := g.matrix()
	if !ok || !fits(columns, rowEnd) {
		return r
	}
	r.Fit = Possible
	if columns == rowEnd && rows > 0 && rows <= maxRows && !g.isGrid(rows) && !g.isRTDETR() {
		r.Fit = Clear
	}
	r.Decoder = yolov10Decoder{}
	r.Outputs, r.Shapes = []int{0}, [][]int64{{rows, rowEnd}}
	return r
}

// isGrid: n is the number of rows of YOLOX or YOLOv5.
func (g Graph) isGrid(n int64) bool { return g.levels(n, 1) != nil || g.levels(n, 3) != nil }

// yolov10Decoder reads YOLOv10, YOLO26 and what else has no need of
// suppression: rows of
//
//	x1, y1, x2, y2  in pixels of the input
//	score           0–1
//	class           from 0
//
// Rows beyond what was found have a score of 0.
type yolov10Decoder struct{}

func (yolov10Decoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	for i := range int(o[0].Shape[0]) {
		row := o[0].Values[i*rowEnd:][:rowEnd]
		class, ok := classOf(row[5])
		if !ok || !(row[4] >= t.of(class)) {
			continue
		}
		if c, ok := corners(row[0], row[1], row[2], row[3]); ok {
			dst = append(dst, scored(c, class, row[4], i))
		}
	}
	return dst
}

// maxClass is far above what models tell apart.
const maxClass = 1 << 16

// classOf is a class that is given as a number; ok is false when it is none.
func classOf(v float32) (int, bool) {
	if !(v >= 0 && v < maxClass) {
		return 0, false
	}
	return int(v + .5), true
}
