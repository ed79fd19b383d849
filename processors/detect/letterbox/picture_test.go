package letterbox

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

func TestUnreadablePicturesAreRefused(t *testing.T) {
	c := NewConverter(Raw(8, 8, BGR, 0))
	good := func() *frame.Frame {
		return picture(rand.New(rand.NewPCG(5, 6)), kind{format: frame.I420, width: 9, height: 7})
	}
	for want, spoil := range map[string]func(*frame.Frame){
		"0×7":             func(f *frame.Frame) { f.Width = 0 },
		"9×-1":            func(f *frame.Frame) { f.Height = -1 },
		"sides must be":   func(f *frame.Frame) { f.Width = MaxSide + 1 },
		"format is":       func(f *frame.Frame) { f.Format = frame.FormatUnknown },
		"plane 0":         func(f *frame.Frame) { f.Planes[0].Stride = 8 },
		"plane 0 of":      func(f *frame.Frame) { f.Planes[0].Stride = 1 << 62 },
		"plane 2":         func(f *frame.Frame) { f.Planes[2].Data = f.Planes[2].Data[1:] },
		"plane 1 of a 9×": func(f *frame.Frame) { f.Planes[1] = frame.Plane{} },
	} {
		f := good()
		if _, err := c.Fit(f, frame.Box{}); err != nil {
			t.Fatal(err)
		}
		spoil(f)
		if _, err := c.Fit(f, frame.Box{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

func TestRegionsThatAreNoneAreRefused(t *testing.T) {
	c := NewConverter(Raw(8, 8, BGR, 0))
	f := picture(rand.New(rand.NewPCG(5, 6)), kind{format: frame.I420, width: 9, height: 7})
	nan := float32(math.NaN())
	for _, r := range []frame.Box{{XMin: 0.5, XMax: 0.4, YMax: 1}, {YMin: 1}, {XMin: nan, XMax: 1, YMax: 1}, {XMax: 1, YMax: nan}} {
		if _, err := c.Fit(f, r); err == nil || !strings.Contains(err.Error(), "region") {
			t.Errorf("%+v: error is %v", r, err)
		}
	}
}

func TestImpossibleTargetsAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Target){
		"0×8":          func(t *Target) { t.Width = 0 },
		"8×-3":         func(t *Target) { t.Height = -3 },
		"int64":        func(t *Target) { t.Type = tensor.Int64 },
		"mode 9":       func(t *Target) { t.Mode = 9 },
		"must be 8–":   func(t *Target) { t.Shorter = 7 },
		"channel 1":    func(t *Target) { t.Scale[1] = float32(math.Inf(1)) },
		"channel 2":    func(t *Target) { t.Mean[2] = float32(math.NaN()) },
		"as float16":   func(t *Target) { t.Type = tensor.Float16; t.Scale[0] = 300 },
		"must be 1–":   func(t *Target) { t.Height = MaxSide + 1 },
		"there is no ": func(t *Target) { t.Layout = 2 },
	} {
		target := Raw(8, 8, BGR, 0)
		if err := target.Validate(); err != nil {
			t.Fatal(err)
		}
		spoil(&target)
		if err := target.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}
