package letterbox

import (
	"image"
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// A level is looked up at level+levelOffset: the conversion of arbitrary YUV
// leaves 0–255 by less than 290 on either side (BT.709, blue).
const (
	levelOffset = 320
	levelCount  = 1024
)

// levels maps a channel's level, before clamping, to the value in the tensor.
type levels[T tensor.Element] [levelCount]T

// writer puts levels into a tensor. It hides the type of the tensor's values.
type writer interface {
	// row writes pixels from (x, y) on: the levels of each channel, in order.
	row(dst []byte, x, y int, levels *[3][]uint16)
	// around writes the padding level outside filled.
	around(dst []byte, filled image.Rectangle)
}

// values is a writer of values of T.
type values[T tensor.Element] struct {
	target Target
	level  [3]levels[T]
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
		for i := range w.level[c] {
			w.level[c][i] = convert(t.value(float32(min(max(i-levelOffset, 0), 255)), c))
		}
	}
	return w
}

func (w *values[T]) row(dst []byte, x, y int, levels *[3][]uint16) {
	out, at := tensor.View[T](dst), y*w.target.Width+x
	channels := w.target.Order.Channels()
	if w.target.Layout == NHWC && channels == 3 {
		interleave(out[3*at:], levels, &w.level)
		return
	}
	area := w.target.Width * w.target.Height
	for c := range channels {
		lookUp(out[c*area+at:], levels[c], &w.level[c])
	}
}

func lookUp[T tensor.Element](out []T, in []uint16, level *levels[T]) {
	out = out[:len(in)]
	for i, v := range in {
		out[i] = level[v%levelCount]
	}
}

func interleave[T tensor.Element](out []T, in *[3][]uint16, level *[3]levels[T]) {
	a := in[0]
	b, c := in[1][:len(a)], in[2][:len(a)]
	for i, v := range a {
		pixel := out[3*i : 3*i+3 : 3*i+3]
		pixel[0] = level[0][v%levelCount]
		pixel[1] = level[1][b[i]%levelCount]
		pixel[2] = level[2][c[i]%levelCount]
	}
}

func (w *values[T]) around(dst []byte, filled image.Rectangle) {
	t := w.target
	right, bottom := t.Width-filled.Max.X, t.Height-filled.Max.Y
	w.pad(dst, 0, filled.Min.Y*t.Width)
	for y := filled.Min.Y; y < filled.Max.Y; y++ {
		w.pad(dst, y*t.Width, filled.Min.X)
		w.pad(dst, y*t.Width+filled.Max.X, right)
	}
	w.pad(dst, filled.Max.Y*t.Width, bottom*t.Width)
}

// pad writes n pixels from pixel at on, counted through the rows.
func (w *values[T]) pad(dst []byte, at, n int) {
	out, level := tensor.View[T](dst), levelOffset+int(w.target.Pad)
	channels := w.target.Order.Channels()
	area, step := w.target.Width*w.target.Height, 1
	if w.target.Layout == NHWC {
		area, step = 1, channels
	}
	for c := range channels {
		v := w.level[c][level]
		for i := at; i < at+n; i++ {
			out[c*area+i*step] = v
		}
	}
}
