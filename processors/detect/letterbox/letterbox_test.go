package letterbox

import (
	"fmt"
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

func TestConvertEqualsTheSlowReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := [][2]int{{64, 36}, {36, 64}, {31, 17}, {97, 53}, {1, 1}, {1, 200}, {200, 1}, {2, 3}, {48, 48}, {301, 299}}
	var s Scratch
	for _, size := range sizes {
		for _, k := range kinds(size[0], size[1]) {
			for mode := TopLeft; mode <= CentreCrop; mode++ {
				for order := BGR; order <= Grey; order++ {
					target := Raw(48, 40, order, 114)
					target.Mode = mode
					if !t.Run(fmt.Sprint(k, mode, order), func(t *testing.T) { compare(t, picture(rng, k), frame.Box{}, target, &s) }) {
						return
					}
				}
			}
		}
	}
}

func TestEveryTypeAndLayout(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var s Scratch
	for _, k := range kinds(75, 43) {
		for _, typ := range []tensor.Type{tensor.Float32, tensor.Float16, tensor.Uint8} {
			for layout := NCHW; layout <= NHWC; layout++ {
				for order := BGR; order <= Grey; order++ {
					target := Raw(33, 40, order, 100)
					target.Type, target.Layout, target.Mode = typ, layout, Centred
					if typ != tensor.Uint8 {
						target.Mean = [3]float32{123, 116, 104}
						target.Scale = [3]float32{1. / 58, -1. / 57, 1. / 255}
					}
					if !t.Run(fmt.Sprint(k, typ, layout, order), func(t *testing.T) { compare(t, picture(rng, k), frame.Box{}, target, &s) }) {
						return
					}
				}
			}
		}
	}
}

func TestRegionsEqualTheSlowReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var s Scratch
	for range 400 {
		k := kinds(1+rng.IntN(120), 1+rng.IntN(120))[rng.IntN(8)]
		x, y := rng.Float32()*1.2-0.1, rng.Float32()*1.2-0.1
		region := frame.Box{XMin: x, YMin: y, XMax: x + rng.Float32(), YMax: y + rng.Float32()*0.1}
		target := Raw(1+rng.IntN(40), 1+rng.IntN(40), Order(rng.IntN(3)), 0)
		target.Mode = Mode(rng.IntN(4))
		if target.Mode == CentreCrop && rng.IntN(2) == 0 {
			target.Shorter = max(target.Width, target.Height) + rng.IntN(10)
		}
		compare(t, picture(rng, k), region, target, &s)
	}
}

// The largest pictures, and the thinnest.
func TestLargePictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	var s Scratch
	for _, size := range [][2]int{{MaxSide, 2}, {2, MaxSide}, {MaxSide, 1}, {1, MaxSide}, {MaxSide - 1, 3}, {8192, 2}} {
		for _, k := range kinds(size[0], size[1]) {
			for mode := TopLeft; mode <= CentreCrop; mode++ {
				target := Raw(61, 32, RGB, 9)
				target.Mode = mode
				compare(t, picture(rng, k), frame.Box{}, target, &s)
				compare(t, picture(rng, k), frame.Box{XMin: 0.75, YMin: 0.5, XMax: 1, YMax: 1}, target, &s)
			}
		}
	}
}

func TestPictureOf8192(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 100 MB")
	}
	const side = 8192
	rng := rand.New(rand.NewPCG(17, 18))
	k := kind{format: frame.NV12, width: side, height: side, matrix: frame.BT709}
	f := picture(rng, k)
	var s Scratch
	for mode := TopLeft; mode <= CentreCrop; mode++ {
		target := Raw(416, 320, BGR, 114)
		target.Mode = mode
		compare(t, f, frame.Box{}, target, &s)
	}
	compare(t, f, frame.Box{XMin: 0.99, YMin: 0.99, XMax: 1, YMax: 1}, Raw(64, 64, RGB, 0), &s)
}

func TestExtremeColoursStayLevels(t *testing.T) {
	var s Scratch
	for _, k := range kinds(1, 1) {
		for bits := range 8 {
			f := picture(rand.New(rand.NewPCG(1, 1)), k)
			f.Format = frame.I420
			for i := range 3 {
				f.Planes[i] = frame.Plane{Data: []byte{byte(255 * (bits >> i & 1))}, Stride: 1}
			}
			compare(t, f, frame.Box{}, Raw(8, 8, RGB, 0), &s)
		}
	}
}

// flat is a full-range I420 picture of 1×1.
func flat(y, cb, cr byte) *frame.Frame {
	f := &frame.Frame{Format: frame.I420, Width: 1, Height: 1, FullRange: true}
	for i, v := range []byte{y, cb, cr} {
		f.Planes[i] = frame.Plane{Data: []byte{v}, Stride: 1}
	}
	return f
}

func TestMeanAndScale(t *testing.T) {
	target := Raw(2, 1, RGB, 100)
	target.Mean, target.Scale = [3]float32{10, 20, 30}, [3]float32{1, .5, .25}
	for typ, want := range map[tensor.Type][]float64{
		tensor.Float32: {190, 90, 90, 40, 42.5, 17.5},
		tensor.Float16: {190, 90, 90, 40, 42.5, 17.5},
		tensor.Uint8:   {190, 90, 90, 40, 42, 18}, // halves to even
	} {
		target.Type = typ
		c := NewConverter(target)
		f := flat(200, 128, 128)
		fit, err := c.Fit(f, frame.Box{})
		if err != nil {
			t.Fatal(err)
		}
		dst := tensor.Make(typ, target.Len())
		c.Convert(dst, f, fit, new(Scratch))
		for i, w := range want {
			if got := read(target, dst, i%2, 0, i/2); got != w {
				t.Errorf("%v: value %d is %v, want %v", typ, i, got, w)
			}
		}
	}
}

func TestConvertingAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	target := Raw(32, 32, BGR, 114)
	c, dst, s := NewConverter(target), tensor.Make(tensor.Float32, target.Len()), new(Scratch)
	pictures := []*frame.Frame{
		picture(rng, kind{format: frame.NV12, width: 64, height: 36}),
		picture(rng, kind{format: frame.I420, width: 35, height: 91}),
	}
	n := 0
	one := func() {
		n++
		region := frame.Box{XMin: float32(n%7) / 10, YMin: 0.1, XMax: 0.9, YMax: float32(4+n%5) / 10}
		f := pictures[n%2]
		fit, err := c.Fit(f, region)
		if err != nil {
			t.Fatal(err)
		}
		c.Convert(dst, f, fit, s)
	}
	for range 70 {
		one()
	}
	if got := testing.AllocsPerRun(70, one); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkConvert(b *testing.B) {
	for _, c := range []struct {
		name   string
		kind   kind
		region frame.Box
		spoil  func(*Target)
	}{
		{"I420/640x360", kind{format: frame.I420, width: 640, height: 360}, frame.Box{}, func(*Target) {}},
		{"NV12/640x360", kind{format: frame.NV12, width: 640, height: 360}, frame.Box{}, func(*Target) {}},
		{"NV12/1920x1080", kind{format: frame.NV12, width: 1920, height: 1080}, frame.Box{}, func(*Target) {}},
		{"I420/1920x1080", kind{format: frame.I420, width: 1920, height: 1080}, frame.Box{}, func(*Target) {}},
		{"NV12/1920x1080/uint8 NHWC", kind{format: frame.NV12, width: 1920, height: 1080}, frame.Box{},
			func(t *Target) { t.Type, t.Layout = tensor.Uint8, NHWC }},
		{"NV12/1920x1080/grey", kind{format: frame.NV12, width: 1920, height: 1080}, frame.Box{}, func(t *Target) { t.Order = Grey }},
		{"NV12/1920x1080/region", kind{format: frame.NV12, width: 1920, height: 1080},
			frame.Box{XMin: 0.4, YMin: 0.3, XMax: 0.5, YMax: 0.7}, func(*Target) {}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := picture(rand.New(rand.NewPCG(9, 10)), c.kind)
			target := Raw(416, 416, BGR, 114)
			c.spoil(&target)
			converter, dst, s := NewConverter(target), tensor.Make(target.Type, target.Len()), new(Scratch)
			b.ReportAllocs()
			for b.Loop() {
				fit, err := converter.Fit(f, c.region)
				if err != nil {
					b.Fatal(err)
				}
				converter.Convert(dst, f, fit, s)
			}
		})
	}
}
