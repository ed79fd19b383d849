package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var yolov5 = Family{
	Name:    "yolov5",
	Outputs: "one output [batch, 3 × cells, 5 + classes]",
	Input:   unit(640, letterbox.Centred, 114),
	Raw:     true,
	read:    readYOLOv5,
}

func readYOLOv5(g Graph) (r Reading) {
	rows, columns, ok := g.matrix()
	if !ok || columns != 0 && columns <= rowHead {
		return r
	}
	switch {
	case rows == 0:
		r.Fit = Possible
	case g.levels(rows, 3) != nil && columns != 0:
		r.Fit = Clear
	case g.levels(rows, 1) != nil: // YOLOv6, and YOLOX that decodes inside
		r.Fit = Possible
		if g.Outputs[0].Name == "outputs" && g.likely(columns-rowHead) {
			r.Fit = Clear
		}
	case g.levels(rows, 3) != nil, g.named(columns - rowHead):
		r.Fit = Possible
	default:
		return r
	}
	columns, r.Classes = g.columns(columns, rowHead)
	r.Decoder = yolov5Decoder{}
	r.Outputs, r.Shapes = []int{0}, [][]int64{{rows, columns}}
	return r
}

// yolov5Decoder reads YOLOv5, v6, v7 and what else gives rows of
//
//	cx, cy, w, h         in pixels of the input
//	objectness           0–1
//	one score per class  0–1
//
// A row's confidence is its objectness times its best class score.
type yolov5Decoder struct{}

func (yolov5Decoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	rows, columns := int(o[0].Shape[0]), int(o[0].Shape[1])
	if columns <= rowHead {
		return dst
	}
	for i := range rows {
		row := o[0].Values[i*columns:][:columns]
		class, score, ok := ofRow(row, t)
		if !ok {
			continue
		}
		if c, ok := centred(row[0], row[1], row[2], row[3]); ok {
			dst = append(dst, scored(c, class, score, i))
		}
	}
	return dst
}
