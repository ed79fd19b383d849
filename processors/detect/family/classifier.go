package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

var classifier = Family{
	Name:         "classifier",
	Outputs:      "one output [batch, classes] or [batch, classes, 1, 1]",
	Input:        imageNet(224, letterbox.CentreCrop).published(),
	ChannelsLast: signed(224, letterbox.CentreCrop).published(),
	Whole:        true,
	read:         readClassifier,
}

// Scores says what a classifier's values are.
type Scores string

// The kinds of scores.
const (
	// ScoresAuto: probabilities where they are 0–1 and add up to 1.
	ScoresAuto Scores = "auto"
	// Probabilities are taken as they are, also of several classes at once.
	Probabilities Scores = "probabilities"
	// Logits go through a softmax.
	Logits Scores = "logits"
)

func readClassifier(g Graph) (r Reading) {
	if len(g.Outputs) != 1 {
		return r
	}
	var tail []int64
	switch {
	case g.holds(0, 2, floats...):
	case g.holds(0, 4, floats...) && g.Outputs[0].Shape[2].Size == 1 && g.Outputs[0].Shape[3].Size == 1:
		tail = []int64{1, 1}
	default:
		return r
	}
	classes := g.Outputs[0].Shape[1].Size
	if classes == 1 { // a lone number may be anything
		return r
	}
	r.Fit = Clear
	classes, r.Classes = g.columns(classes, 0)
	r.Decoder = classDecoder{g.Scores, float32(g.Width), float32(g.Height)}
	r.Outputs, r.Shapes = []int{0}, [][]int64{append([]int64{classes}, tail...)}
	return r
}

// classDecoder reads classifiers: one value per class, probabilities or
// logits. Every class that is confident enough is a detection of the whole
// input.
type classDecoder struct {
	scores        Scores
	width, height float32
}

func (d classDecoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	values := o[0].Values
	if len(values) == 0 {
		return dst
	}
	score := func(v float32) float32 { return v }
	if d.scores == Logits || d.scores != Probabilities && !addUp(values) {
		_, top := best(values)
		score = softmax(values, top)
	}
	whole := nms.Candidate{X2: d.width, Y2: d.height}
	for class, v := range values {
		if s := score(v); s >= t.of(class) {
			dst = append(dst, scored(whole, class, s, class))
		}
	}
	return dst
}

// addUp: the values are probabilities that exclude each other. Half precision
// loses up to a thousandth of each.
func addUp(values []float32) bool {
	sum := float32(0)
	for _, v := range values {
		if !(v >= 0 && v <= 1) {
			return false
		}
		sum += v
	}
	return sum > 0.99 && sum < 1.01
}
