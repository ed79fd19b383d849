package family

import (
	"strings"

	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var rtdetr = Family{
	Name:    "rtdetr",
	Outputs: "the outputs [batch, queries, classes] and [batch, queries, 4], or one output [batch, queries, 4 + classes]",
	Input:   unit(640, letterbox.Stretch, 0),
	read:    readRTDETR,
}

func readRTDETR(g Graph) Reading {
	if len(g.Outputs) == 1 {
		return readRTDETRRows(g)
	}
	r, classes := g.queries()
	switch {
	case r.Fit == No:
		return r
	case g.tells(classes, cocoClasses) && classes != cocoIDs && !g.isRFDETR():
		r.Fit = Clear
	case g.Own && g.named(classes-1): // one more than names: DETR
		return Reading{}
	}
	return g.sigmoid(r, classes)
}

// sigmoid is a reading of boxes and logits each of which stands for itself.
func (g Graph) sigmoid(r Reading, logits int64) Reading {
	r.Shapes[0][1], r.Classes = g.columns(logits, 0)
	r.Decoder = sigmoidQueries{float32(g.Width), float32(g.Height)}
	return r
}

func readRTDETRRows(g Graph) (r Reading) {
	rows, columns, ok := g.matrix()
	if !ok || columns != 0 && columns <= boxHead || g.isGrid(rows) || rows > maxRows {
		return r
	}
	r.Fit = Possible
	if rows > 0 && columns > 0 && (g.isRTDETR() || columns != rowEnd && g.likely(columns-boxHead)) {
		r.Fit = Clear
	}
	columns, r.Classes = g.columns(columns, boxHead)
	r.Decoder = scoredQueries{float32(g.Width), float32(g.Height)}
	r.Outputs, r.Shapes = []int{0}, [][]int64{{rows, columns}}
	return r
}

// isRTDETR: the model calls itself so.
func (g Graph) isRTDETR() bool {
	title := strings.ToLower(g.Title)
	return strings.Contains(title, "rtdetr") || strings.Contains(title, "rt-detr")
}

// queries finds the two outputs of the DETR kind, boxes and logits, and the
// number of logits; 0: open.
func (g Graph) queries() (r Reading, logits int64) {
	if len(g.Outputs) != 2 || !g.holds(0, 3, floats...) || !g.holds(1, 3, floats...) {
		return r, 0
	}
	at := [2]int{0, 1} // logits, boxes
	if g.isBoxes(0) && !g.isBoxes(1) {
		at = [2]int{1, 0}
	}
	l, b := g.Outputs[at[0]].Shape, g.Outputs[at[1]].Shape
	if !g.isBoxes(at[1]) || g.isBoxes(at[0]) || !fits(l[1].Size, b[1].Size) {
		return r, 0
	}
	n := max(l[1].Size, b[1].Size)
	return Reading{Fit: Possible, Outputs: at[:], Shapes: [][]int64{{n, l[2].Size}, {n, 4}}}, l[2].Size
}

// isBoxes: an output of three dimensions has boxes, by its last dimension or,
// where that leaves it open, by its name.
func (g Graph) isBoxes(i int) bool {
	last, name := g.Outputs[i].Shape[2].Size, strings.ToLower(g.Outputs[i].Name)
	boxes := strings.Contains(name, "box") || name == "dets"
	other := strings.Contains(name, "logit") || strings.Contains(name, "label") || strings.Contains(name, "score")
	return last == 4 && !other || last == 0 && boxes
}

// sigmoidQueries reads RT-DETR, RF-DETR, Deformable DETR and others trained with focal
// loss: for each query
//
//	one logit per class
//	cx, cy, w, h         0–1 of the input
//
// Each class of a query that is confident enough is a detection of its own, as
// in the published post-processing.
type sigmoidQueries struct{ width, height float32 }

func (d sigmoidQueries) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	queries, classes := sharedQueries(o), int(o[0].Shape[1])
	// One comparison spares most exponentials; rounding must not decide.
	floor := logit(t.Floor) - 1e-3
	for i := range queries {
		for class, x := range o[0].Values[i*classes:][:classes] {
			if !(x >= floor) {
				continue
			}
			score := sigmoid(x)
			if !(score >= t.of(class)) {
				continue
			}
			if c, ok := queryBox(o[1], i, d.width, d.height); ok {
				dst = append(dst, scored(c, class, score, i*classes+class))
			}
		}
	}
	return dst
}

// sharedQueries is how many queries both outputs have.
func sharedQueries(o []Output) int { return int(min(o[0].Shape[0], o[1].Shape[0])) }

func queryBox(boxes Output, i int, width, height float32) (nms.Candidate, bool) {
	b := boxes.Values[4*i:][:4]
	return centred(b[0]*width, b[1]*height, b[2]*width, b[3]*height)
}

// scoredQueries reads RT-DETR as Ultralytics exports it: rows of
//
//	cx, cy, w, h         0–1 of the input
//	one score per class  0–1
//
// A row's confidence is its best class score.
type scoredQueries struct{ width, height float32 }

func (d scoredQueries) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	return rowsOfScores(o[0], t, d.width, d.height, dst)
}
