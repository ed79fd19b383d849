package letterbox

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// picture makes a frame with random, smooth-less content (the hardest case for
// interpolation), strides larger than the rows, and no byte to spare at the end.
func picture(rng *rand.Rand, s Source) *frame.Frame {
	f := &frame.Frame{Format: s.Format, Width: s.Width, Height: s.Height, Matrix: s.Matrix, FullRange: s.FullRange}
	plane := func(bytes, rows int) frame.Plane {
		stride := bytes + rng.IntN(9)
		data := make([]byte, stride*(rows-1)+bytes)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		return frame.Plane{Data: data, Stride: stride}
	}
	cw, ch := (s.Width+1)/2, (s.Height+1)/2
	f.Planes[0] = plane(s.Width, s.Height)
	if s.Format == frame.NV12 {
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

// reference is what a pixel of the input is, by the package's own words.
func reference(f *frame.Frame, t Target, fit Fit, col, row int) [3]float64 {
	px := (float64(col)+0.5)*float64(f.Width)/float64(fit.Width) - 0.5
	py := (float64(row)+0.5)*float64(f.Height)/float64(fit.Height) - 0.5
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
	var rgb [3]float64
	if f.Matrix == frame.BT709 {
		rgb = [3]float64{Y + 1.5748*V, Y - 0.187324*U - 0.468124*V, Y + 1.8556*U}
	} else {
		rgb = [3]float64{Y + 1.402*V, Y - 0.344136*U - 0.714136*V, Y + 1.772*U}
	}
	for i := range rgb {
		rgb[i] = math.Min(math.Max(rgb[i]*255, 0), 255)
	}
	if t.Order == BGR {
		rgb[0], rgb[2] = rgb[2], rgb[0]
	}
	return rgb
}

func TestConvertEqualsTheSlowReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := [][2]int{{64, 36}, {36, 64}, {31, 17}, {97, 53}, {1, 1}, {1, 200}, {200, 1}, {2, 3}, {48, 48}, {301, 299}}
	for _, size := range sizes {
		for _, format := range []frame.Format{frame.I420, frame.NV12} {
			for _, matrix := range []frame.Matrix{frame.BT601, frame.BT709} {
				for _, full := range []bool{false, true} {
					for _, order := range []Order{BGR, RGB} {
						s := Source{format, size[0], size[1], matrix, full}
						t.Run(fmt.Sprint(s, order), func(t *testing.T) {
							compare(t, picture(rng, s), Raw(48, 40, order, 114))
						})
					}
				}
			}
		}
	}
}

func compare(t *testing.T, f *frame.Frame, target Target) {
	t.Helper()
	s, err := SourceOf(f)
	if err != nil {
		t.Fatal(err)
	}
	c := NewConverter(s, target)
	dst := make([]float32, target.Len())
	for i := range dst {
		dst[i] = -1e9
	}
	c.Convert(f, dst, new(Scratch))
	area, worst := target.Width*target.Height, 0.0
	for row := range target.Height {
		for col := range target.Width {
			want := [3]float64{float64(target.Pad), float64(target.Pad), float64(target.Pad)}
			if col < c.Fit.Width && row < c.Fit.Height {
				want = reference(f, target, c.Fit, col, row)
			}
			for ch := range 3 {
				got := dst[ch*area+row*target.Width+col]
				worst = math.Max(worst, math.Abs(float64(got)-want[ch]))
			}
		}
	}
	// Half a level is the rounding; the rest is the weights' 11 bits.
	if worst > 0.75 {
		t.Fatalf("off by %.2f levels", worst)
	}
}

func TestExtremeColoursStayLevels(t *testing.T) {
	target := Raw(8, 8, RGB, 0)
	for _, matrix := range []frame.Matrix{frame.BT601, frame.BT709} {
		for _, full := range []bool{false, true} {
			for bits := range 8 {
				v := func(bit int) byte { return byte(255 * (bits >> bit & 1)) }
				f := &frame.Frame{Format: frame.I420, Width: 1, Height: 1, Matrix: matrix, FullRange: full}
				for i := range 3 {
					f.Planes[i] = frame.Plane{Data: []byte{v(i)}, Stride: 1}
				}
				compare(t, f, target)
			}
		}
	}
}

func TestMeanAndScale(t *testing.T) {
	f := &frame.Frame{Format: frame.I420, Width: 1, Height: 1, FullRange: true}
	for i, v := range []byte{200, 128, 128} {
		f.Planes[i] = frame.Plane{Data: []byte{v}, Stride: 1}
	}
	target := Raw(2, 1, RGB, 100)
	target.Mean, target.Scale = [3]float32{10, 20, 30}, [3]float32{1, .5, .25}
	s, _ := SourceOf(f)
	dst := make([]float32, target.Len())
	NewConverter(s, target).Convert(f, dst, new(Scratch))
	for i, want := range []float32{190, 90, 90, 40, 42.5, 17.5} {
		if dst[i] != want {
			t.Errorf("value %d is %v, want %v", i, dst[i], want)
		}
	}
}

func TestScratchIsFreeOfEarlierPictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	target := Raw(32, 32, BGR, 114)
	var shared Scratch
	for range 20 {
		s := Source{frame.I420, 1 + rng.IntN(90), 1 + rng.IntN(90), frame.BT601, false}
		f := picture(rng, s)
		c := NewConverter(s, target)
		a, b := make([]float32, target.Len()), make([]float32, target.Len())
		c.Convert(f, a, &shared)
		c.Convert(f, b, new(Scratch))
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("%v: value %d is %v with a used scratch, %v with a fresh one", s, i, a[i], b[i])
			}
		}
	}
}

func TestUnreadablePicturesAreRefused(t *testing.T) {
	good := func() *frame.Frame {
		return picture(rand.New(rand.NewPCG(5, 6)), Source{Format: frame.I420, Width: 9, Height: 7})
	}
	for want, spoil := range map[string]func(*frame.Frame){
		"0×7":             func(f *frame.Frame) { f.Width = 0 },
		"9×-1":            func(f *frame.Frame) { f.Height = -1 },
		"sides must be":   func(f *frame.Frame) { f.Width = MaxSide + 1 },
		"format is":       func(f *frame.Frame) { f.Format = frame.FormatUnknown },
		"plane 0":         func(f *frame.Frame) { f.Planes[0].Stride = 8 },
		"plane 2":         func(f *frame.Frame) { f.Planes[2].Data = f.Planes[2].Data[1:] },
		"plane 1 of a 9×": func(f *frame.Frame) { f.Planes[1] = frame.Plane{} },
	} {
		f := good()
		if _, err := SourceOf(f); err != nil {
			t.Fatal(err)
		}
		spoil(f)
		if _, err := SourceOf(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

func TestConvertingAllocatesNothing(t *testing.T) {
	s := Source{Format: frame.NV12, Width: 64, Height: 36}
	f := picture(rand.New(rand.NewPCG(7, 8)), s)
	target := Raw(32, 32, BGR, 114)
	c, dst, scratch := NewConverter(s, target), make([]float32, target.Len()), new(Scratch)
	if n := testing.AllocsPerRun(10, func() { c.Convert(f, dst, scratch) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkConvert(b *testing.B) {
	for _, s := range []Source{
		{Format: frame.I420, Width: 640, Height: 360},
		{Format: frame.NV12, Width: 640, Height: 360},
		{Format: frame.I420, Width: 768, Height: 432},
		{Format: frame.NV12, Width: 1920, Height: 1080},
	} {
		b.Run(fmt.Sprintf("%v/%dx%d", s.Format, s.Width, s.Height), func(b *testing.B) {
			f := picture(rand.New(rand.NewPCG(9, 10)), s)
			target := Raw(416, 416, BGR, 114)
			c, dst, scratch := NewConverter(s, target), make([]float32, target.Len()), new(Scratch)
			b.ReportAllocs()
			for b.Loop() {
				c.Convert(f, dst, scratch)
			}
		})
	}
}
