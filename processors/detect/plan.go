package detect

import (
	"fmt"
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/detect/yolox"
)

// Plan is a model as a detector: what goes in, what comes out, how it is read.
// It is immutable.
type Plan struct {
	// Input and Outputs are what a Runner is asked for; their first dimension
	// is the batch.
	Input   tensor.Value
	Outputs []tensor.Value
	// Batch is the fixed batch dimension; 0: open.
	Batch int
	// Target is how a picture becomes the input.
	Target letterbox.Target

	cfg        Config
	labels     []string
	thresholds Thresholds
	decoder    Decoder
	// want is the shape of each output, without the batch dimension.
	want [][]int64
}

// padLevel is what YOLOX is trained to see outside the picture.
const padLevel = 114

// maxFixedBatch bounds the memory that a model's own batch dimension asks for.
const maxFixedBatch = 256

// NewPlan finds the detector in a model's description. name is what errors call
// the model. Its errors are about keys of Config, like Validate's, and "model".
func NewPlan(m tensor.Model, name string, cfg Config) (*Plan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	labels, err := readLabels(cfg.Labels)
	if err != nil {
		return nil, invalid.Field("labels", "%v", err)
	}
	p := &Plan{cfg: cfg, labels: labels}
	if err := p.read(m, name); err != nil {
		return nil, err
	}
	p.thresholds, err = newThresholds(cfg, labels)
	return p, err
}

// OpenBatch: a batch of any size can be run at once.
func (p *Plan) OpenBatch() bool { return p.Batch == 0 }

// slotLen is the number of values of one picture's input.
func (p *Plan) slotLen() int { return p.Target.Len() }

// InputShape is the shape of the input of n pictures.
func (p *Plan) InputShape(n int) []int64 {
	return []int64{int64(n), 3, int64(p.Target.Height), int64(p.Target.Width)}
}

// OutputShape is the shape of output i for n pictures.
func (p *Plan) OutputShape(i, n int) []int64 {
	return append([]int64{int64(n)}, p.want[i]...)
}

// Labels are the names of the classes.
func (p *Plan) Labels() []string { return p.labels }

const expected = "one input float32 [batch, 3, height, width] and one output float32 [batch, rows, 5 + classes] (YOLOX)"

func (p *Plan) read(m tensor.Model, name string) error {
	refuse := func() error {
		return invalid.Field("model", "%s is no detector of a known kind: it has inputs %v and outputs %v, must have %s",
			name, m.Inputs, m.Outputs, expected)
	}
	if len(m.Inputs) != 1 || len(m.Outputs) != 1 {
		return refuse()
	}
	in, out := m.Inputs[0], m.Outputs[0]
	if in.Type != tensor.Float32 || len(in.Shape) != 4 || !fits(in.Shape[1], 3) ||
		out.Type != tensor.Float32 || len(out.Shape) != 3 || !fits(out.Shape[0], in.Shape[0].Size) {
		return refuse()
	}
	if b := in.Shape[0].Size; b > maxFixedBatch {
		return invalid.Field("model", "%s has a batch dimension fixed at %d, must be open or at most %d", name, b, maxFixedBatch)
	}
	p.Input, p.Outputs, p.Batch = in, m.Outputs, int(in.Shape[0].Size)
	height, err := side("input_height", in.Shape[2], p.cfg.InputHeight)
	if err != nil {
		return err
	}
	width, err := side("input_width", in.Shape[3], p.cfg.InputWidth)
	if err != nil {
		return err
	}
	p.Target = letterbox.Raw(width, height, letterbox.BGR, padLevel)
	return p.readYOLOX(out, name)
}

func (p *Plan) readYOLOX(out tensor.Value, name string) error {
	width, height := p.Target.Width, p.Target.Height
	rows, columns := int(out.Shape[1].Size), int(out.Shape[2].Size)
	if rows == 0 {
		rows = yolox.DefaultRows(width, height)
	}
	if columns == 0 {
		columns = 5 + len(p.labels)
	}
	head, ok := yolox.NewHead(width, height, rows, columns)
	if !ok {
		return invalid.Field("model", "%s is no YOLOX detector: for its %d×%d input YOLOX has %d rows of 5 + classes columns, it has the output %s",
			name, width, height, yolox.DefaultRows(width, height), out)
	}
	if head.Classes != len(p.labels) {
		return invalid.Field("labels", "%s has %d names, but %s has %d classes: give a file with as many names, one per line",
			p.cfg.Labels, len(p.labels), name, head.Classes)
	}
	p.decoder = yoloxDecoder{head}
	p.want = [][]int64{{int64(rows), int64(columns)}}
	return nil
}

// Check says whether outputs are what the plan expects of n pictures.
func (p *Plan) Check(outputs []tensor.Tensor, n int) error {
	if len(outputs) != len(p.want) {
		return fmt.Errorf("gives %d outputs, must give %d", len(outputs), len(p.want))
	}
	for i, out := range outputs {
		if !p.asExpected(i, out, n) {
			return fmt.Errorf("a batch of %d gives the output %s as %s %v, must be %s %v",
				n, p.Outputs[i].Name, out.Type, out.Shape, p.Outputs[i].Type, p.OutputShape(i, n))
		}
	}
	return nil
}

func (p *Plan) asExpected(i int, out tensor.Tensor, n int) bool {
	return out.Type == p.Outputs[i].Type && len(out.Shape) > 0 && out.Shape[0] == int64(n) &&
		slices.Equal(out.Shape[1:], p.want[i]) && len(out.Data) >= tensor.Len(out.Shape)*out.Type.Size()
}

// fits: the dimension is n, or one of the two is open.
func fits(d tensor.Dim, n int64) bool { return d.Size == n || d.Size == 0 || n == 0 }

// side is the length of one side of the input, by the model or, where it is
// open, by the config.
func side(key string, model tensor.Dim, config int) (int, error) {
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
