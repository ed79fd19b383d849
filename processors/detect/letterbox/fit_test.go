package letterbox

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTopLeft(t *testing.T) {
	for _, c := range []struct{ w, h, width, height, wantW, wantH int }{
		{640, 360, 416, 416, 416, 234},
		{768, 432, 416, 416, 416, 234},
		{1920, 1080, 640, 640, 640, 360},
		{360, 640, 416, 416, 234, 416},
		{416, 416, 416, 416, 416, 416},
		{100, 50, 416, 416, 416, 208},
		{641, 361, 416, 416, 416, 234},
		{8192, 1, 416, 416, 416, 1},
		{1, 8192, 416, 416, 1, 416},
		{1, 1, 640, 384, 384, 384},
	} {
		f := TopLeft(c.w, c.h, c.width, c.height)
		if f.Width != c.wantW || f.Height != c.wantH || f.X != 0 || f.Y != 0 {
			t.Errorf("%d×%d in %d×%d is %+v, want %d×%d", c.w, c.h, c.width, c.height, f, c.wantW, c.wantH)
		}
	}
}

// A box goes into the input by the mapping that pixels take, and must come back
// to where it was, to well under half a source pixel.
func TestBoxReturns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		w, h := 1+rng.IntN(4000), 1+rng.IntN(4000)
		f := TopLeft(w, h, 32*(1+rng.IntN(40)), 32*(1+rng.IntN(40)))
		if f.Width < 1 || f.Height < 1 {
			t.Fatalf("%d×%d vanishes: %+v", w, h, f)
		}
		x1, y1 := rng.Float64()*0.5, rng.Float64()*0.5
		x2, y2 := x1+0.01+rng.Float64()*0.4, y1+0.01+rng.Float64()*0.4
		b, ok := f.Box(float32(x1*float64(f.Width)), float32(y1*float64(f.Height)),
			float32(x2*float64(f.Width)), float32(y2*float64(f.Height)))
		if !ok {
			t.Fatalf("%v %v %v %v vanishes", x1, y1, x2, y2)
		}
		for _, d := range []float64{(float64(b.XMin) - x1) * float64(w), (float64(b.YMin) - y1) * float64(h),
			(float64(b.XMax) - x2) * float64(w), (float64(b.YMax) - y2) * float64(h)} {
			if math.Abs(d) > 0.05 {
				t.Fatalf("off by %v source pixels for %d×%d: %+v", d, w, h, f)
			}
		}
	}
}

func TestBoxesStayInsideThePicture(t *testing.T) {
	f := TopLeft(640, 360, 416, 416)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		x1, y1, x2, y2 float32
		ok             bool
	}{
		{-50, -50, 1000, 1000, true},
		{-inf, -inf, inf, inf, true},
		{10, 10, 5, 20, false},
		{10, 10, 10, 20, false},
		{10, 235, 20, 300, false}, // in the padding
		{-20, 0, -10, 10, false},
		{nan, 0, 10, 10, false},
		{0, 0, 10, nan, false},
		{0, nan, 10, 10, false},
		{0, 0, nan, 10, false},
	} {
		b, ok := f.Box(c.x1, c.y1, c.x2, c.y2)
		if ok != c.ok {
			t.Errorf("%+v: ok is %v", c, ok)
		}
		if ok && !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1) {
			t.Errorf("%+v gives %+v", c, b)
		}
	}
}
