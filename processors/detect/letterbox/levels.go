package letterbox

import (
	"image"
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// writer puts levels into a tensor. It hides the type of the tensor's values.
type writer interface {
	// row writes pixels from (x, y) on: the levels of each channel, in order.
	row(dst []byte, x, y int, levels *[3][]uint8)
	// around writes the padding level outside filled.
	around(dst []byte, filled image.Rectangle)
}

// values is a writer of values of T.
type values[T tensor.Element] struct {
	target Target
	of     [3][256]T // a level's value, by channel
}

func newWriter(t Target) writer {
	switch t.Type {
	case tensor.Float16:
		return newValues(t, half)
	case tensor.Uint8:
		return newValues(t, func(v float32) uint8 {
			return uint8(math.RoundToEven(float64(min(max(v, 0), 255))))
		})
	}
	return newValues(t, func(v float32) float32 { return v })
}

func newValues[T tensor.Element](t Target, convert func(float32) T) *values[T] {
	w := &values[T]{target: t}
	for c := range t.Order.Channels() {
		for level := range w.of[c] {
			w.of[c][level] = convert(t.value(float32(level), c))
		}
	}
	return w
}

func (w *values[T]) row(dst []byte, x, y int, levels *[3][]uint8) {
	out, at := tensor.View[T](dst), y*w.target.Width+x
	channels := w.target.Order.Channels()
	if w.target.Layout == NHWC && channels == 3 {
		interleave(out[3*at:], levels, &w.of)
		return
	}
	area := w.target.Width * w.target.Height
	for c := range channels {
		lookUp(out[c*area+at:], levels[c], &w.of[c])
	}
}

func interleave[T tensor.Element](out []T, in *[3][]uint8, of *[3][256]T) {
	a := in[0]
	b, c := in[1][:len(a)], in[2][:len(a)]
	for i, v := range a {
		pixel := out[3*i : 3*i+3 : 3*i+3]
		pixel[0], pixel[1], pixel[2] = of[0][v], of[1][b[i]], of[2][c[i]]
	}
}

func (w *values[T]) around(dst []byte, filled image.Rectangle) {
	width := w.target.Width
	w.pad(dst, 0, filled.Min.Y*width)
	for y := filled.Min.Y; y < filled.Max.Y; y++ {
		w.pad(dst, y*width, y*width+filled.Min.X)
		w.pad(dst, y*width+filled.Max.X, (y+1)*width)
	}
	w.pad(dst, filled.Max.Y*width, w.target.Height*width)
}

// pad writes the pixels from–to, counted through the rows.
func (w *values[T]) pad(dst []byte, from, to int) {
	out, channels := tensor.View[T](dst), w.target.Order.Channels()
	area := w.target.Width * w.target.Height
	for c := range channels {
		v := w.of[c][w.target.Pad]
		if w.target.Layout == NHWC {
			for i := from; i < to; i++ {
				out[i*channels+c] = v
			}
			continue
		}
		plane := out[c*area+from : c*area+to]
		for i := range plane {
			plane[i] = v
		}
	}
}
