package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var detr = Family{
	Name:    "detr",
	Outputs: "the outputs [batch, queries, classes + 1] and [batch, queries, 4]",
	Input:   imageNet(800, letterbox.Stretch),
	read:    readDETR,
}

func readDETR(g Graph) Reading {
	r, logits := g.queries()
	switch {
	case r.Fit == No:
		return r
	case logits == 1, g.Own && g.named(logits): // as many as names: RT-DETR
		return Reading{}
	case g.tells(logits-1, cocoIDs) && !g.isRFDETR():
		r.Fit = Clear
	}
	logits, r.Classes = g.columns(logits, 1)
	r.Shapes[0][1] = logits
	r.Decoder = softmaxQueries{float32(g.Width), float32(g.Height)}
	return r
}

// softmaxQueries reads DETR, YOLOS and others trained with cross-entropy: for
// each query
//
//	one logit per class and one, the last, for "nothing there"
//	cx, cy, w, h         0–1 of the input
//
// A query's confidence is the softmax of its best class.
type softmaxQueries struct{ width, height float32 }

func (d softmaxQueries) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	queries, columns := sharedQueries(o), int(o[0].Shape[1])
	if columns < 2 {
		return dst
	}
	for i := range queries {
		logits := o[0].Values[i*columns:][:columns]
		class, x := best(logits[:columns-1])
		score := softmax(logits, max(x, logits[columns-1]))(x)
		if !(score >= t.of(class)) {
			continue
		}
		if c, ok := queryBox(o[1], i, d.width, d.height); ok {
			dst = append(dst, scored(c, class, score, i))
		}
	}
	return dst
}
