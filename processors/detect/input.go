package detect

import (
	"fmt"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// maxFixedBatch bounds the memory that a model's own batch dimension asks for.
const maxFixedBatch = 256

// input is a model's input as its description and the config have it, before
// its family is known.
type input struct {
	value  tensor.Value
	layout letterbox.Layout
	grey   bool
	// width and height in pixels; 0: open.
	width, height int
}

const expectedInput = "one input of float32, float16 or uint8 [batch, 3, height, width] or [batch, height, width, 3], the picture"

func readInput(m tensor.Model, about metadata, cfg Config) (in input, err error) {
	if len(m.Inputs) != 1 {
		return in, invalid.Field("model", "%s has %d inputs (%s), must have %s: export it without the others, such as picture sizes",
			about.model, len(m.Inputs), list(m.Inputs), expectedInput)
	}
	in.value = m.Inputs[0]
	refuse := func() error {
		return invalid.Field("model", "%s has the input %s, must have %s", about.model, in.value, expectedInput)
	}
	switch in.value.Type {
	case tensor.Float32, tensor.Float16, tensor.Uint8:
	default:
		return in, refuse()
	}
	if len(in.value.Shape) != 4 {
		return in, refuse()
	}
	if b := in.value.Shape[0].Size; b > maxFixedBatch {
		return in, invalid.Field("model", "%s has a batch dimension fixed at %d, must be open or at most %d", about.model, b, maxFixedBatch)
	}
	if err := in.readLayout(cfg, refuse); err != nil {
		return in, err
	}
	return in, in.readSize(about, cfg)
}

// readLayout finds the channels: three, or one of grey.
func (in *input) readLayout(cfg Config, refuse func() error) error {
	shape := in.value.Shape
	first, last := channels(shape[1], cfg), channels(shape[3], cfg)
	switch {
	case cfg.InputLayout == "nchw" && first >= 0, cfg.InputLayout == auto && first > 0:
		in.layout, in.grey = letterbox.NCHW, first == 1
	case cfg.InputLayout == "nhwc" && last >= 0, cfg.InputLayout == auto && last > 0:
		in.layout, in.grey = letterbox.NHWC, last == 1
	case cfg.InputLayout == auto && first == 0 && last == 0:
		return invalid.Field("input_layout", "must be nchw or nhwc: the model leaves it open (%s)", in.value)
	case cfg.InputLayout == auto && (first == 0 || last == 0):
		in.layout = letterbox.NCHW
		if first < 0 {
			in.layout = letterbox.NHWC
		}
	case cfg.InputLayout != auto:
		return invalid.Field("input_layout", "is %s, but the model has the input %s", cfg.InputLayout, in.value)
	default:
		return refuse()
	}
	if grey := cfg.InputColour == "grey"; cfg.InputColour != auto && in.grey != grey {
		return invalid.Field("input_colour", "is %s, but the model has the input %s", cfg.InputColour, in.value)
	}
	return nil
}

// channels is how many a dimension would be; 0: open, -1: none.
func channels(d tensor.Dim, cfg Config) int {
	switch {
	case d.Size == 0 && cfg.InputColour == "grey":
		return 1
	case d.Size == 0, d.Size == 1, d.Size == 3:
		return int(d.Size)
	}
	return -1
}

func (in *input) readSize(about metadata, cfg Config) (err error) {
	high, wide := in.value.Shape[2], in.value.Shape[3]
	if in.layout == letterbox.NHWC {
		high, wide = in.value.Shape[1], in.value.Shape[2]
	}
	width, height := about.size()
	if in.height, err = side("input_height", high, cfg.InputHeight, height); err != nil {
		return err
	}
	in.width, err = side("input_width", wide, cfg.InputWidth, width)
	return err
}

// side is the length of one side of the input: the model's or, where that is
// open, by the config or the metadata; 0: still open.
func side(key string, model tensor.Dim, config, metadata int) (int, error) {
	switch {
	case model.Size == 0 && config == 0:
		return metadata, nil
	case model.Size == 0:
		return config, nil
	case config != 0 && int64(config) != model.Size:
		return 0, invalid.Field(key, "must be %d, the model's own, or left out; is %d", model.Size, config)
	case model.Size > maxInputSide:
		return 0, invalid.Field("model", "its input has a side of %d pixels, at most %d are supported", model.Size, maxInputSide)
	}
	return int(model.Size), nil
}

func list(values []tensor.Value) string {
	const most = 8
	var texts []string
	for i, v := range values {
		if i == most {
			texts = append(texts, fmt.Sprintf("%d more", len(values)-most))
			break
		}
		texts = append(texts, v.String())
	}
	return strings.Join(texts, ", ")
}

// target is how a picture becomes the input: by the config, else the family.
func (in input) target(f *family.Family, r family.Reading, about metadata, cfg Config) (letterbox.Target, error) {
	d := f.InputFor(in.layout)
	if f.Whole && about.isUltralytics() {
		d = d.Plain()
	}
	if in.value.Type == tensor.Uint8 {
		d = d.Levels()
	}
	if err := cfg.override(&d, in.value); err != nil {
		return letterbox.Target{}, err
	}
	t := letterbox.Target{
		Width: r.Width, Height: r.Height, Type: in.value.Type, Layout: in.layout,
		Order: d.Order, Mode: d.Mode, Pad: d.Pad,
	}
	if in.grey {
		t.Order = letterbox.Grey
	}
	var err error
	if t.Shorter, err = shorter(d, cfg.InputShorter, max(t.Width, t.Height)); err != nil {
		return t, err
	}
	for c := range t.Mean {
		t.Mean[c], t.Scale[c] = d.Mean[c]/d.Scale, d.Scale/d.Deviation[c]
	}
	if err := t.Validate(); err != nil {
		return t, invalid.Field("model", "%s cannot be given pictures: %v", about.model, err)
	}
	return t, nil
}

// shorter is the picture's shorter side before a crop to a longer side; 0: no
// larger than covers it.
func shorter(d family.Input, stated, longer int) (int, error) {
	switch {
	case stated != 0 && d.Mode != letterbox.CentreCrop:
		return 0, invalid.Field("input_shorter", "must be left out: pictures are put into the input by %s, not by centre-crop", key(modes, d.Mode))
	case stated != 0 && stated < longer:
		return 0, invalid.Field("input_shorter", "must be at least the input's %d, is %d", longer, stated)
	case stated != 0 || d.Mode != letterbox.CentreCrop:
		return stated, nil
	}
	return longer * d.Shorter / d.Side, nil
}
