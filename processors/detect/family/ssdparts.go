package family

import (
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// ssdParts says which outputs are what; -1: none.
type ssdParts struct{ boxes, scores, classes, count int }

// numbers are the types that classes and counts come as.
var numbers = append(slices.Clone(floats), integers...)

// findParts tells the outputs of SSD apart, by shapes, names and types.
// TensorFlow's models have more outputs than are read here.
func (g Graph) findParts() (p ssdParts, ok bool) {
	if len(g.Outputs) < 3 {
		return p, false
	}
	p.boxes = g.find(g.isBoxRows, "box")
	p.scores = g.find(g.isScores, "score", "conf", "prob", tfLite+":2")
	p.classes = g.find(g.isClasses, "class", "label", "cls", tfLite+":1")
	p.count = g.find(g.isCount, "num", "count", "valid", tfLite+":3")
	if p.boxes < 0 {
		p.boxes = g.only(g.isBoxRows)
	}
	if p.classes < 0 { // whole numbers are no scores
		p.classes = g.only(func(i int) bool { return g.isClasses(i) && !g.isScores(i) })
	}
	return p, g.agree(p)
}

// tfLite is how the outputs of TensorFlow Lite's suppression are called; all
// but the first have a number behind it.
const tfLite = "tflite_detection_postprocess"

// find is the first output that may be one and whose name says so.
func (g Graph) find(may func(int) bool, words ...string) int {
	return slices.IndexFunc(g.indices(), func(i int) bool {
		name := strings.ToLower(g.Outputs[i].Name)
		return may(i) && !strings.HasPrefix(name, "raw_") &&
			slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	})
}

// only is the one output that may be it; -1 when there are none or several.
func (g Graph) only(may func(int) bool) int {
	fit := slices.DeleteFunc(g.indices(), func(i int) bool { return !may(i) })
	if len(fit) != 1 {
		return -1
	}
	return fit[0]
}

func (g Graph) indices() []int {
	all := make([]int, len(g.Outputs))
	for i := range all {
		all[i] = i
	}
	return all
}

func (g Graph) isBoxRows(i int) bool {
	return g.holds(i, 3, floats...) && fits(g.Outputs[i].Shape[2].Size, 4)
}

func (g Graph) isScores(i int) bool  { return g.holds(i, 2, floats...) }
func (g Graph) isClasses(i int) bool { return g.holds(i, 2, numbers...) }

// isCount: [batch] or [batch, 1].
func (g Graph) isCount(i int) bool {
	return g.holds(i, 1, numbers...) || g.holds(i, 2, numbers...) && fits(g.Outputs[i].Shape[1].Size, 1)
}

// agree: the parts are there, apart, and have as many rows.
func (g Graph) agree(p ssdParts) bool {
	if p.boxes < 0 || p.scores < 0 || p.classes < 0 || p.scores == p.classes {
		return false
	}
	b, s, c := g.rows(p.boxes), g.rows(p.scores), g.rows(p.classes)
	return fits(b, s) && fits(b, c) && fits(s, c)
}

func (g Graph) rows(i int) int64 { return g.Outputs[i].Shape[1].Size }

// written is how boxes are written, by the name that published models give
// their output; empty: it does not tell.
func written(boxes tensor.Value) Boxes {
	switch name := strings.TrimSuffix(strings.ToLower(boxes.Name), ":0"); {
	case name == "detection_boxes", strings.HasPrefix(name, tfLite): // TensorFlow
		return YXYX
	case name == "det_boxes": // NVIDIA's suppression
		return Pixels
	case name == "bboxes": // MLPerf
		return XYXY
	}
	return ""
}
