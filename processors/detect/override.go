package detect

import (
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// The words of Config.
var (
	layouts = map[string]letterbox.Layout{"nchw": letterbox.NCHW, "nhwc": letterbox.NHWC}

	orders = map[string]letterbox.Order{"rgb": letterbox.RGB, "bgr": letterbox.BGR, "grey": letterbox.Grey}
	modes  = map[string]letterbox.Mode{
		"top-left": letterbox.TopLeft, "centred": letterbox.Centred,
		"stretch": letterbox.Stretch, "centre-crop": letterbox.CentreCrop,
	}
)

// key is the word for v.
func key[V comparable](words map[string]V, v V) string {
	for word, means := range words {
		if means == v {
			return word
		}
	}
	return "?"
}

// override puts what is stated in place of a family's defaults.
func (c Config) override(d *family.Input, in tensor.Value) error {
	if in.Type == tensor.Uint8 {
		for key, stated := range map[string]bool{
			"input_scale": c.InputScale != 0, "input_mean": len(c.InputMean) > 0, "input_std": len(c.InputStd) > 0,
		} {
			if stated {
				return invalid.Field(key, "must be left out: the model takes levels of 0–255 as they are (%s)", in)
			}
		}
	}
	if o, ok := orders[c.InputColour]; ok {
		d.Order = o
	}
	if m, ok := modes[c.InputFit]; ok {
		d.Mode = m
	}
	if c.InputPad >= 0 {
		d.Pad = uint8(c.InputPad)
	}
	if c.InputScale != 0 {
		d.Scale = float32(c.InputScale)
	}
	each(&d.Mean, c.InputMean)
	each(&d.Deviation, c.InputStd)
	return nil
}

// each sets every channel's value: each its own, or one for all; none: as it is.
func each(dst *[3]float32, stated []float64) {
	for c := range dst {
		switch len(stated) {
		case 0:
		case 1:
			dst[c] = float32(stated[0])
		default:
			dst[c] = float32(stated[c])
		}
	}
}
