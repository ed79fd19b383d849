package letterbox

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// kind is what pictures have in common.
type kind struct {
	format        frame.Format
	width, height int
	matrix        frame.Matrix
	fullRange     bool
}

// kinds are all formats and colours of one size.
func kinds(width, height int) (all []kind) {
	for _, format := range []frame.Format{frame.I420, frame.NV12} {
		for _, matrix := range []frame.Matrix{frame.BT601, frame.BT709} {
			for _, full := range []bool{false, true} {
				all = append(all, kind{format, width, height, matrix, full})
			}
		}
	}
	return all
}

// picture makes a frame with random, smooth-less content (the hardest case for
// interpolation), strides larger than the rows, and no byte to spare at the end.
func picture(rng *rand.Rand, s kind) *frame.Frame {
	f := &frame.Frame{Format: s.format, Width: s.width, Height: s.height, Matrix: s.matrix, FullRange: s.fullRange}
	plane := func(bytes, rows int) frame.Plane {
		stride := bytes + rng.IntN(9)
		data := make([]byte, stride*(rows-1)+bytes)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		return frame.Plane{Data: data, Stride: stride}
	}
	cw, ch := (s.width+1)/2, (s.height+1)/2
	f.Planes[0] = plane(s.width, s.height)
	if s.format == frame.NV12 {
		f.Planes[1] = plane(2*cw, ch)
	} else {
		f.Planes[1], f.Planes[2] = plane(cw, ch), plane(cw, ch)
	}
	f.Init(nil)
	return f
}

// sample is bilinear interpolation, said slowly: the value of a plane at (x, y)
// of its own samples, its edge repeated.
func sample(at func(x, y int) byte, w, h int, x, y float64) float64 {
	x, y = math.Min(math.Max(x, 0), float64(w-1)), math.Min(math.Max(y, 0), float64(h-1))
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	get := func(x, y float64) float64 { return float64(at(min(int(x), w-1), min(int(y), h-1))) }
	return (get(x0, y0)*(1-fx)+get(x0+1, y0)*fx)*(1-fy) + (get(x0, y0+1)*(1-fx)+get(x0+1, y0+1)*fx)*fy
}

// reference is what a pixel of the input is, by the package's own words: red,
// green and blue, and grey.
func reference(f *frame.Frame, fit Fit, col, row int) (rgb [3]float64, grey float64) {
	place := func(out, origin, size, start, length int) float64 {
		at := (float64(out-origin)+0.5)*float64(length)/float64(size) - 0.5
		return float64(start) + math.Min(math.Max(at, 0), float64(length-1))
	}
	px := place(col, fit.Input.Min.X, fit.Input.Dx(), fit.Region.Min.X, fit.Region.Dx())
	py := place(row, fit.Input.Min.Y, fit.Input.Dy(), fit.Region.Min.Y, fit.Region.Dy())
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	luma := func(x, y int) byte { return f.Planes[0].Data[y*f.Planes[0].Stride+x] }
	cb := func(x, y int) byte { return f.Planes[1].Data[y*f.Planes[1].Stride+x] }
	cr := func(x, y int) byte { return f.Planes[2].Data[y*f.Planes[2].Stride+x] }
	if f.Format == frame.NV12 {
		cb = func(x, y int) byte { return f.Planes[1].Data[y*f.Planes[1].Stride+2*x] }
		cr = func(x, y int) byte { return f.Planes[1].Data[y*f.Planes[1].Stride+2*x+1] }
	}
	Y := sample(luma, f.Width, f.Height, px, py)
	U := sample(cb, cw, ch, px/2, (py-0.5)/2) - 128
	V := sample(cr, cw, ch, px/2, (py-0.5)/2) - 128
	if f.FullRange {
		Y, U, V = Y/255, U/255, V/255
	} else {
		Y, U, V = (Y-16)/219, U/224, V/224
	}
	if f.Matrix == frame.BT709 {
		rgb = [3]float64{Y + 1.5748*V, Y - 0.187324*U - 0.468124*V, Y + 1.8556*U}
	} else {
		rgb = [3]float64{Y + 1.402*V, Y - 0.344136*U - 0.714136*V, Y + 1.772*U}
	}
	level := func(v float64) float64 { return math.Min(math.Max(v*255, 0), 255) }
	for i := range rgb {
		rgb[i] = level(rgb[i])
	}
	return rgb, level(Y)
}

// expected is the levels of all pixels, padding included, by the reference: a
// value per channel, in the target's order.
func expected(f *frame.Frame, t Target, fit Fit) [][3]float64 {
	all := make([][3]float64, t.Width*t.Height)
	for row := range t.Height {
		for col := range t.Width {
			pad := float64(t.Pad)
			want := [3]float64{pad, pad, pad}
			if in := fit.Filled; col >= in.Min.X && col < in.Max.X && row >= in.Min.Y && row < in.Max.Y {
				rgb, grey := reference(f, fit, col, row)
				switch t.Order {
				case RGB:
					want = rgb
				case BGR:
					want = [3]float64{rgb[2], rgb[1], rgb[0]}
				case Grey:
					want = [3]float64{grey}
				}
			}
			all[row*t.Width+col] = want
		}
	}
	return all
}

// read is a value of a converted picture as a number.
func read(t Target, dst []byte, col, row, channel int) float64 {
	channels := t.Order.Channels()
	at := (channel*t.Height+row)*t.Width + col
	if t.Layout == NHWC {
		at = (row*t.Width+col)*channels + channel
	}
	switch t.Type {
	case tensor.Uint8:
		return float64(dst[at])
	case tensor.Float16:
		return fromHalf(tensor.View[uint16](dst)[at])
	}
	return float64(tensor.View[float32](dst)[at])
}

func fromHalf(bits uint16) float64 {
	sign, exponent, fraction := 1-2*float64(bits>>15), int(bits>>10&31), float64(bits&1023)
	if exponent == 0 {
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// tolerance is how far a level may be off: half a level is the rounding; the
// rest is the weights' 11 bits.
const tolerance = 0.75

// compare converts and holds every value against the reference. What a level
// becomes is undone, so scales must not be zero.
func compare(t *testing.T, f *frame.Frame, region frame.Box, target Target, s *Scratch) {
	t.Helper()
	if err := target.Validate(); err != nil {
		t.Fatal(err)
	}
	c := NewConverter(target)
	fit, err := c.Fit(f, region)
	if err != nil {
		t.Fatal(err)
	}
	dst := tensor.Make(target.Type, target.Len())
	for i := range dst {
		dst[i] = 0xee
	}
	c.Convert(dst, f, fit, s)
	worst := 0.0
	for i, want := range expected(f, target, fit) {
		for ch := range target.Order.Channels() {
			got := read(target, dst, i%target.Width, i/target.Width, ch)/float64(target.Scale[ch]) + float64(target.Mean[ch])
			if d := math.Abs(got - want[ch]); !(d <= worst) {
				worst = d
			}
		}
	}
	if !(worst <= tolerance) {
		t.Fatalf("off by %.2f levels: %+v", worst, fit)
	}
}
