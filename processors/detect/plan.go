package detect

import (
	"fmt"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
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
	family     *family.Family
	labels     []string
	thresholds family.Thresholds
	decoder    family.Decoder
	rule       nms.Rule
	// want is the shape of each output, without the batch dimension.
	want [][]int64
}

// NewPlan finds the detector in a model's description. name is what errors call
// the model. Its errors are about keys of Config, like Validate's, and "model".
func NewPlan(m tensor.Model, name string, cfg Config) (*Plan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	about := metadata{m.Metadata, name}
	cfg, err := cfg.with(about)
	if err != nil {
		return nil, err
	}
	if err := about.checkTask(); err != nil {
		return nil, err
	}
	labels, err := cfg.names(about)
	if err != nil {
		return nil, err
	}
	in, err := readInput(m, about, cfg)
	if err != nil {
		return nil, err
	}
	graph := family.Graph{
		Width: in.width, Height: in.height, Batch: in.value.Shape[0].Size,
		Outputs: m.Outputs, Classes: len(labels), Own: cfg.Labels == LabelsAuto && len(labels) > 0, Title: about.title(), Options: cfg.options(),
	}
	f, reading, err := family.Choose(graph, cfg.Family, name)
	if err != nil {
		return nil, err
	}
	if reading.Classes > maxClasses {
		return nil, invalid.Field("model", "%s has %d classes, at most %d are supported", name, reading.Classes, maxClasses)
	}
	p := &Plan{
		Input: in.value, Batch: int(graph.Batch), cfg: cfg,
		family: f, decoder: reading.Decoder, want: reading.Shapes,
	}
	for k, i := range reading.Outputs {
		p.Outputs = append(p.Outputs, m.Outputs[i])
		if !countable(p.want[k]) {
			return nil, invalid.Field("model", "%s has the output %s, which is too large: at most %d values a picture are supported",
				name, m.Outputs[i], maxValues)
		}
	}
	return p, p.settle(in, reading, labels, about)
}

// settle is what follows from the family.
func (p *Plan) settle(in input, r family.Reading, labels []string, about metadata) (err error) {
	if err := p.cfg.suits(p.family); err != nil {
		return err
	}
	p.rule = p.cfg.rule(p.family)
	if p.Target, err = in.target(p.family, r, about, p.cfg); err != nil {
		return err
	}
	if p.labels, err = p.cfg.labelsFor(labels, r.Classes, about.model); err != nil {
		return err
	}
	p.thresholds, err = newThresholds(p.cfg, p.labels, r.Classes)
	return err
}

// maxClasses is far above what models tell apart.
const maxClasses = 1 << 16

// Family is the name of the family that the model is of.
func (p *Plan) Family() string { return p.family.Name }

// String says how the model is understood, for people: "yolov8 with 80 classes,
// input 640×640 float32 nchw rgb centred".
func (p *Plan) String() string {
	classes := "numbered classes"
	if n := len(p.labels); n > 0 {
		classes = fmt.Sprintf("%d classes", n)
	}
	t := p.Target
	return fmt.Sprintf("%s with %s, input %d×%d %s %s %s %s", p.family.Name, classes, t.Width, t.Height, t.Type,
		key(layouts, t.Layout), key(orders, t.Order), key(modes, t.Mode))
}

// OpenBatch: a batch of any size can be run at once.
func (p *Plan) OpenBatch() bool { return p.Batch == 0 }

// slotLen is the number of values of one picture's input.
func (p *Plan) slotLen() int { return p.Target.Len() }

// InputShape is the shape of the input of n pictures.
func (p *Plan) InputShape(n int) []int64 {
	return append([]int64{int64(n)}, p.Target.Shape()...)
}

// OutputShape is the shape of output i for n pictures, with 0 for what only a
// run tells.
func (p *Plan) OutputShape(i, n int) []int64 {
	return append([]int64{int64(n)}, p.want[i]...)
}

// OpenOutputs: the shape of some output is only told by each run.
func (p *Plan) OpenOutputs() bool {
	for _, shape := range p.want {
		for _, size := range shape {
			if size == family.Open {
				return true
			}
		}
	}
	return false
}

// Labels are the names of the classes; empty where they only have numbers.
func (p *Plan) Labels() []string { return p.labels }

// suits checks that what is stated means something to the family.
func (c Config) suits(f *family.Family) error {
	switch {
	case f.Whole && c.NMS != auto && c.NMS != "off":
		return invalid.Field("nms", "must be auto or off for a %s, which has no boxes; is %q", f.Name, c.NMS)
	case !f.Whole && c.Scores != auto:
		return invalid.Field("scores", "must be auto but for a classifier; the model is of %s", f.Name)
	case f.Name != "ssd" && c.Boxes != auto:
		return invalid.Field("boxes", "must be auto but for ssd; the model is of %s", f.Name)
	}
	return nil
}

// rule is what is done about overlapping boxes of a model of the family.
func (c Config) rule(f *family.Family) nms.Rule {
	r := nms.Rule{Mode: nms.Off, IoU: float32(c.NMSIoU), Limit: c.MaxDetections}
	switch {
	case c.NMS == "class", c.NMS == auto && f.Raw:
		r.Mode = nms.ByClass
	case c.NMS == "agnostic":
		r.Mode = nms.Agnostic
	}
	return r
}

func (c Config) options() family.Options {
	return family.Options{Scores: family.Scores(c.Scores), Boxes: family.Boxes(c.Boxes)}
}
