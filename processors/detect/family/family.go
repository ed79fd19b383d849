package family

import (
	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Decoder reads what a model of one family says of one picture. It is
// immutable and may be used by several goroutines.
type Decoder interface {
	// Decode appends to dst what the outputs of one picture hold: boxes in
	// pixels of the model's input, finite, not clipped, not suppressed.
	// Whatever the values are, NaN and infinities included, it neither fails
	// nor returns a box or a score that is not finite.
	Decode(outputs []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate
}

// Output is one output's values for one picture.
type Output struct {
	// Shape is without the batch dimension; its product is len(Values).
	Shape []int64
	// Values are valid until Decode returns.
	Values []float32
}

// Family is one entry of the table.
type Family struct {
	Name string
	// Outputs is how its outputs look, for messages.
	Outputs string
	// Input is what the published models are given, and ChannelsLast what those
	// of TensorFlow are whose input is NHWC; zero: the same.
	Input        Input
	ChannelsLast Input
	// Raw: the model does not suppress overlapping boxes itself.
	Raw bool
	// Whole: what is found is said of the whole picture; boxes mean nothing.
	Whole bool

	read func(Graph) Reading
}

// All is the table. A model fits at most one of them clearly.
var All = []*Family{&yolox, &yolov5, &yolov8, &yolov10, &rtdetr, &rfdetr, &detr, &ssd, &classifier}

// Names are the names of All, in its order.
func Names() []string {
	var names []string
	for _, f := range All {
		names = append(names, f.Name)
	}
	return names
}

// Graph is what is known of a model before it runs.
type Graph struct {
	// Width and Height are the input's size in pixels; 0 where it is open.
	Width, Height int
	// Batch is the batch dimension; 0: open.
	Batch   int64
	Outputs []tensor.Value
	// Classes is the number of classes by the names given; 0: not known.
	Classes int
	// Own: the names are the model's own, which cannot be a line too short.
	Own bool
	// Title is the model's own name or description, if it has one.
	Title string
	Options
}

// Options is what users say of outputs where shapes do not tell.
type Options struct {
	Scores Scores
	Boxes  Boxes
}

// Reading is how a model's outputs are read, if it is of a family.
type Reading struct {
	Fit Fit
	// Width and Height are the input's size in pixels.
	Width, Height int
	Decoder       Decoder
	// Outputs are the places of the outputs that Decoder reads among the
	// graph's, in Decoder's order.
	Outputs []int
	// Shapes are theirs, without the batch; Open where only a run tells.
	Shapes [][]int64
	// Classes is the number of classes; 0: the outputs do not say.
	Classes int
	// Missing is the key of what must be stated because the outputs do not
	// tell; empty: nothing.
	Missing string
}

// Open stands in shapes for a dimension that only a run tells.
const Open = 0

// Fit is how well a model fits a family.
type Fit uint8

// From worst to best. What is only Possible must be stated.
const (
	No Fit = iota
	Possible
	Clear
)

// Read reads a graph as one of the family. An open size becomes the family's.
func (f *Family) Read(g Graph) Reading {
	if g.Width == 0 {
		g.Width = f.Input.Side
	}
	if g.Height == 0 {
		g.Height = f.Input.Side
	}
	r := f.read(g)
	r.Width, r.Height = g.Width, g.Height
	return r
}
