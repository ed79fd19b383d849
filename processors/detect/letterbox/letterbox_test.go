package letterbox

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

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
