package onnx

import (
	"path/filepath"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
	"github.com/nvpipe/nvpipe/processors/onnx/yolox"
)

// spec is a model as a detector: what goes in, what comes out.
type spec struct {
	input, output string
	// batch is the fixed batch dimension; 0: open.
	batch         int
	width, height int
	// rows and columns of one picture's output.
	rows, columns int
	head          *yolox.Head
}

// openBatch: a batch of any size can be run at once.
func (s spec) openBatch() bool { return s.batch == 0 }

// newSpec finds the detector in a model's description. classes is the number
// of labels, for a model that leaves its columns open.
func newSpec(m *modelfile.Model, cfg Config, classes int) (spec, error) {
	in, out, err := detectorShape(m, cfg.Model)
	if err != nil {
		return spec{}, err
	}
	s := spec{input: in.Name, output: out.Name, batch: int(in.Shape[0].Size)}
	if s.height, err = side("input_height", in.Shape[2], cfg.InputHeight); err != nil {
		return spec{}, err
	}
	if s.width, err = side("input_width", in.Shape[3], cfg.InputWidth); err != nil {
		return spec{}, err
	}
	s.rows, s.columns = int(out.Shape[1].Size), int(out.Shape[2].Size)
	if s.rows == 0 {
		s.rows = yolox.DefaultRows(s.width, s.height)
	}
	if s.columns == 0 {
		s.columns = 5 + classes
	}
	head, ok := yolox.NewHead(s.width, s.height, s.rows, s.columns)
	if !ok {
		return spec{}, invalid.Field("model", "%s is no YOLOX detector: for its %d×%d input YOLOX has %d rows of 5 + classes columns, it has the output %s",
			cfg.Model, s.width, s.height, yolox.DefaultRows(s.width, s.height), out)
	}
	s.head = head
	if head.Classes != classes {
		return spec{}, invalid.Field("labels", "%s has %d names, but %s has %d classes: give a file with as many names, one per line",
			cfg.Labels, classes, filepath.Base(cfg.Model), head.Classes)
	}
	return s, nil
}

const expected = "one input float32 [batch, 3, height, width] and one output float32 [batch, rows, 5 + classes] (YOLOX)"

// detectorShape picks the input and the output, and refuses what has not the
// shape of a detector at all.
func detectorShape(m *modelfile.Model, path string) (in, out modelfile.Value, err error) {
	refuse := func() (in, out modelfile.Value, err error) {
		return in, out, invalid.Field("model", "%s is no detector of a known kind: it has inputs %v and outputs %v, must have %s",
			path, m.Inputs, m.Outputs, expected)
	}
	if len(m.Inputs) != 1 || len(m.Outputs) != 1 {
		return refuse()
	}
	in, out = m.Inputs[0], m.Outputs[0]
	if in.Type != modelfile.Float32 || len(in.Shape) != 4 || !fits(in.Shape[1], 3) ||
		out.Type != modelfile.Float32 || len(out.Shape) != 3 || !fits(out.Shape[0], in.Shape[0].Size) {
		return refuse()
	}
	if b := in.Shape[0].Size; b > maxFixedBatch {
		return in, out, invalid.Field("model", "%s has a batch dimension fixed at %d, must be open or at most %d", path, b, maxFixedBatch)
	}
	return in, out, nil
}

// maxFixedBatch bounds the memory that a model's own batch dimension asks for.
const maxFixedBatch = 256

// fits: the dimension is n, or one of the two is open.
func fits(d modelfile.Dim, n int64) bool { return d.Size == n || d.Size == 0 || n == 0 }

// side is the length of one side of the input, by the model or, where it is
// open, by the config.
func side(key string, model modelfile.Dim, config int) (int, error) {
	switch {
	case model.Size == 0 && config == 0:
		return 0, invalid.Field(key, "must be given in pixels (such as 640): the model leaves it open")
	case model.Size == 0:
		return config, nil
	case config != 0 && int64(config) != model.Size:
		return 0, invalid.Field(key, "must be %d, the model's own, or left out; is %d", model.Size, config)
	case model.Size > maxInputSide:
		return 0, invalid.Field("model", "its input has a side of %d pixels, at most %d are supported", model.Size, maxInputSide)
	}
	return int(model.Size), nil
}
