package detect

import (
	"github.com/nvpipe/nvpipe/processors/detect/nms"
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
	// Shape is without the batch dimension.
	Shape []int64
	// Values are valid until Decode returns.
	Values []float32
}

// Thresholds is the least confidence, 0–1, for each class, +Inf for one that is
// not wanted, and the least of them all.
type Thresholds struct {
	Class []float32
	Floor float32
}
