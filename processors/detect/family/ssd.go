package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var ssd = Family{
	Name:         "ssd",
	Outputs:      "the outputs boxes [batch, rows, 4], scores and classes [batch, rows], and perhaps a count [batch]",
	Input:        imageNet(300, letterbox.Stretch),
	ChannelsLast: signed(300, letterbox.Stretch),
	read:         readSSD,
}

// Boxes says how a box of SSD is written.
type Boxes string

// The ways of writing.
const (
	// BoxesAuto goes by the names of the outputs.
	BoxesAuto Boxes = "auto"
	// YXYX is y1, x1, y2, x2, 0–1 of the input.
	YXYX Boxes = "yxyx"
	// XYXY is x1, y1, x2, y2, 0–1 of the input.
	XYXY Boxes = "xyxy"
	// Pixels is x1, y1, x2, y2 in pixels of the input.
	Pixels Boxes = "pixels"
)

func readSSD(g Graph) (r Reading) {
	p, ok := g.findParts()
	if !ok {
		return r
	}
	boxes := g.Boxes
	if boxes == BoxesAuto {
		boxes = written(g.Outputs[p.boxes])
	}
	if boxes == "" {
		r.Missing = "boxes"
	}
	rows := max(g.rows(p.boxes), g.rows(p.scores), g.rows(p.classes))
	r.Fit = Clear
	r.Outputs = []int{p.boxes, p.scores, p.classes}
	r.Shapes = [][]int64{{rows, 4}, {rows}, {rows}}
	if p.count >= 0 {
		shape := []int64{1}[:len(g.Outputs[p.count].Shape)-1]
		r.Outputs, r.Shapes = append(r.Outputs, p.count), append(r.Shapes, shape)
	}
	r.Decoder = ssdDecoder{boxes, float32(g.Width), float32(g.Height)}
	return r
}

// ssdDecoder reads SSD and others that end in suppression of their own: for
// each row
//
//	a box    as Boxes says
//	a score  0–1
//	a class  from 0, or from 1 where 0 is the background
//
// and perhaps the count of rows that mean something.
type ssdDecoder struct {
	boxes         Boxes
	width, height float32
}

func (d ssdDecoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	rows := int(min(o[0].Shape[0], o[1].Shape[0], o[2].Shape[0]))
	if len(o) > 3 && len(o[3].Values) > 0 {
		if count := o[3].Values[0]; count >= 0 && count < float32(rows) {
			rows = int(count)
		}
	}
	for i := range rows {
		score := o[1].Values[i]
		class, ok := classOf(o[2].Values[i])
		if !ok || !(score >= t.of(class)) {
			continue
		}
		if c, ok := d.box(o[0].Values[4*i:][:4]); ok {
			dst = append(dst, scored(c, class, score, i))
		}
	}
	return dst
}

func (d ssdDecoder) box(b []float32) (nms.Candidate, bool) {
	switch d.boxes {
	case Pixels:
		return corners(b[0], b[1], b[2], b[3])
	case XYXY:
		return corners(b[0]*d.width, b[1]*d.height, b[2]*d.width, b[3]*d.height)
	}
	return corners(b[1]*d.width, b[0]*d.height, b[3]*d.width, b[2]*d.height)
}
