package letterbox

import (
	"errors"
	"fmt"
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Order is the channels of a tensor and their order.
type Order uint8

// The orders that models are trained with. Grey is one channel: luma,
// stretched to 0–255 where the picture uses less.
const (
	BGR Order = iota
	RGB
	Grey
)

// Channels is how many values a pixel has.
func (o Order) Channels() int {
	if o == Grey {
		return 1
	}
	return 3
}

// Layout says which dimension of a tensor is densest.
type Layout uint8

const (
	// NCHW has a plane per channel.
	NCHW Layout = iota
	// NHWC has the channels of a pixel side by side.
	NHWC
)

// Mode is how a picture is put into an input of another shape.
type Mode uint8

const (
	// TopLeft scales without distortion until it fits, into the top left
	// corner (YOLOX). The shorter side is cut down to whole pixels.
	TopLeft Mode = iota
	// Centred scales without distortion until it fits, into the middle (YOLOv5
	// and its successors). The shorter side is rounded, half to even; of an
	// odd rest the larger half lies below and to the right.
	Centred
	// Stretch fills the input and distorts (SSD, DETR, RT-DETR).
	Stretch
	// CentreCrop scales without distortion until the shorter side is
	// Target.Shorter and takes the middle (classifiers).
	CentreCrop
)

// Target describes a model's input: Height rows of Width pixels, in Order.
type Target struct {
	Width, Height int
	// Type is tensor.Float32, Float16 or Uint8.
	Type   tensor.Type
	Layout Layout
	Order  Order
	Mode   Mode
	// Shorter is, for CentreCrop, the length in pixels of the picture's shorter
	// side before the crop, such as 256 for an input of 224; at least the
	// longer side of the input. 0: no larger than covers the input.
	Shorter int
	// Pad is the level (0–255) outside the picture.
	Pad uint8
	// A level v becomes (v − Mean[c]) × Scale[c], c in Order; as uint8 it is
	// rounded and limited to 0–255.
	Mean, Scale [3]float32
}

// Raw is a top-left target that takes levels as they are, 0–255, as float32
// planes.
func Raw(width, height int, order Order, pad uint8) Target {
	return Target{
		Width: width, Height: height, Type: tensor.Float32, Order: order, Pad: pad,
		Scale: [3]float32{1, 1, 1},
	}
}

// Len is the number of values of one picture.
func (t Target) Len() int { return t.Order.Channels() * t.Width * t.Height }

// Size is the number of bytes of one picture.
func (t Target) Size() int { return t.Len() * t.Type.Size() }

// Shape is the input's shape without the batch dimension.
func (t Target) Shape() []int64 {
	c, h, w := int64(t.Order.Channels()), int64(t.Height), int64(t.Width)
	if t.Layout == NHWC {
		return []int64{h, w, c}
	}
	return []int64{c, h, w}
}

// Validate reports everything that no picture can be converted to.
func (t Target) Validate() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if t.Width < 1 || t.Height < 1 || t.Width > MaxSide || t.Height > MaxSide {
		add("input is %d×%d pixels, sides must be 1–%d", t.Width, t.Height, MaxSide)
	}
	switch t.Type {
	case tensor.Float32, tensor.Float16, tensor.Uint8:
	default:
		add("input has values of %s, must be float32, float16 or uint8", t.Type)
	}
	if t.Order > Grey || t.Layout > NHWC || t.Mode > CentreCrop {
		add("order %d, layout %d, mode %d: there is no such input", t.Order, t.Layout, t.Mode)
	}
	if least := max(t.Width, t.Height); t.Shorter != 0 && (t.Shorter < least || t.Shorter > MaxSide) {
		add("shorter side before the crop is %d, must be %d–%d or 0", t.Shorter, least, MaxSide)
	}
	for c := range t.Order.Channels() {
		if err := t.finite(c); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// finite checks that no level becomes a value that the type does not have.
func (t Target) finite(c int) error {
	most := float64(math.MaxFloat32)
	if t.Type == tensor.Float16 {
		most = maxHalf
	}
	for _, level := range []float32{0, 255} {
		if v := float64(t.value(level, c)); !(math.Abs(v) <= most) {
			return fmt.Errorf("mean %v and scale %v make level %v of channel %d %v, must be finite as %s",
				t.Mean[c], t.Scale[c], level, c, v, t.Type)
		}
	}
	return nil
}

// value is what a level is in channel c.
func (t Target) value(level float32, c int) float32 { return (level - t.Mean[c]) * t.Scale[c] }
