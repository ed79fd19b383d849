package letterbox

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
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
		if got := topLeft(c.w, c.h, c.width, c.height); got != image.Rect(0, 0, c.wantW, c.wantH) {
			t.Errorf("%d×%d in %d×%d is %v, want %d×%d", c.w, c.h, c.width, c.height, got, c.wantW, c.wantH)
		}
	}
}

// The wanted values are what the published Python gives: round() is half to even.
func TestCentred(t *testing.T) {
	for _, c := range []struct{ w, h, width, height, x, y, wantW, wantH int }{
		{1920, 1080, 640, 640, 0, 140, 640, 360},
		{1280, 721, 640, 640, 0, 140, 640, 360}, // 360.5 → 360
		{1280, 723, 640, 640, 0, 139, 640, 362}, // 361.5 → 362
		{640, 359, 640, 640, 0, 140, 640, 359},  // 281 to share: 140 above, 141 below
		{359, 640, 640, 640, 140, 0, 359, 640},
		{100, 50, 640, 384, 0, 32, 640, 320},
		{8192, 1, 416, 416, 0, 207, 416, 1},
	} {
		want := image.Rect(c.x, c.y, c.x+c.wantW, c.y+c.wantH)
		if got := centred(c.w, c.h, c.width, c.height); got != want {
			t.Errorf("%d×%d in %d×%d is %v, want %v", c.w, c.h, c.width, c.height, got, want)
		}
	}
}

// The wanted values are what torchvision's Resize and CenterCrop give.
func TestCentreCrop(t *testing.T) {
	for _, c := range []struct{ w, h, width, height, shorter, x, y, wantW, wantH int }{
		{640, 480, 224, 224, 256, -58, -16, 341, 256}, // 58.5 → 58
		{480, 640, 224, 224, 256, -16, -58, 256, 341},
		{500, 375, 224, 224, 224, -37, 0, 298, 224},
		{640, 480, 224, 224, 0, -37, 0, 298, 224},
		{640, 480, 100, 200, 0, -83, 0, 266, 200},
		{640, 480, 200, 100, 0, 0, -25, 200, 150},
		{343, 256, 224, 224, 256, -60, -16, 343, 256}, // 59.5 → 60
	} {
		want := image.Rect(c.x, c.y, c.x+c.wantW, c.y+c.wantH)
		if got := centreCrop(c.w, c.h, c.width, c.height, c.shorter); got != want {
			t.Errorf("%d×%d in %d×%d by %d is %v, want %v", c.w, c.h, c.width, c.height, c.shorter, got, want)
		}
	}
}

func TestStretch(t *testing.T) {
	target := Target{Width: 30, Height: 20, Mode: Stretch}
	if got := target.place(7, 900); got != image.Rect(0, 0, 30, 20) {
		t.Errorf("is %v", got)
	}
}

// Whatever the mode, the picture covers the input or touches two of its sides,
// and is distorted by less than a pixel.
func TestPlaces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		target := Target{Width: 1 + rng.IntN(700), Height: 1 + rng.IntN(700), Mode: Mode(rng.IntN(4))}
		if target.Mode == CentreCrop && rng.IntN(2) == 0 {
			target.Shorter = max(target.Width, target.Height) + rng.IntN(50)
		}
		w, h := 1+rng.IntN(4000), 1+rng.IntN(4000)
		in, all := target.place(w, h), image.Rect(0, 0, target.Width, target.Height)
		if target.Mode == CentreCrop && !all.In(in) {
			t.Fatalf("%d×%d in %+v is %v, which does not cover it", w, h, target, in)
		}
		if target.Mode != CentreCrop && (!in.In(all) || in.Dx() != target.Width && in.Dy() != target.Height) {
			t.Fatalf("%d×%d in %+v is %v", w, h, target, in)
		}
		sx, sy := float64(in.Dx())/float64(w), float64(in.Dy())/float64(h)
		if target.Mode != Stretch && math.Abs(float64(in.Dy())-sx*float64(h)) > 1 && math.Abs(float64(in.Dx())-sy*float64(w)) > 1 {
			t.Fatalf("%d×%d in %+v is %v: distorted", w, h, target, in)
		}
	}
}

// A box goes into the input by the mapping that pixels take, and must come back
// to where it was, to well under half a source pixel.
func TestBoxReturns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8000 {
		w, h := 1+rng.IntN(4000), 1+rng.IntN(4000)
		target := Target{Width: 1 + rng.IntN(1300), Height: 1 + rng.IntN(1300), Mode: Mode(rng.IntN(4))}
		region := image.Rect(0, 0, w, h)
		if rng.IntN(2) == 0 {
			x, y := rng.IntN(w), rng.IntN(h)
			region = image.Rect(x, y, x+1+rng.IntN(w-x), y+1+rng.IntN(h-y))
		}
		f := target.fit(image.Pt(w, h), region)
		if f.Input.Empty() || f.Filled.Empty() {
			t.Fatalf("%d×%d vanishes: %+v", w, h, f)
		}
		into := func(v float64, from, length, origin, size int) float32 {
			return float32((v-float64(from))/float64(length)*float64(size) + float64(origin))
		}
		x := func(v float64) float32 {
			return into(v, region.Min.X, region.Dx(), f.Input.Min.X, f.Input.Dx())
		}
		y := func(v float64) float32 {
			return into(v, region.Min.Y, region.Dy(), f.Input.Min.Y, f.Input.Dy())
		}
		x1, y1 := float64(region.Min.X)+rng.Float64()*float64(region.Dx())/2, float64(region.Min.Y)+rng.Float64()*float64(region.Dy())/2
		x2, y2 := x1+float64(region.Dx())*(0.01+rng.Float64()*0.45), y1+float64(region.Dy())*(0.01+rng.Float64()*0.45)
		b, ok := f.Box(x(x1), y(y1), x(x2), y(y2))
		if !ok {
			t.Fatalf("%v %v %v %v vanishes: %+v", x1, y1, x2, y2, f)
		}
		for _, d := range []float64{float64(b.XMin)*float64(w) - x1, float64(b.YMin)*float64(h) - y1,
			float64(b.XMax)*float64(w) - x2, float64(b.YMax)*float64(h) - y2} {
			if !(math.Abs(d) <= 0.05) {
				t.Fatalf("off by %v source pixels for %d×%d: %+v", d, w, h, f)
			}
		}
	}
}

func TestBoxesStayInsideTheRegion(t *testing.T) {
	target := Target{Width: 416, Height: 416}
	whole := target.fit(image.Pt(640, 360), image.Rect(0, 0, 640, 360))
	part := target.fit(image.Pt(640, 360), image.Rect(320, 90, 640, 270))
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
		for f, in := range map[Fit]frame.Box{whole: {XMax: 1, YMax: 1}, part: {XMin: 0.5, YMin: 0.25, XMax: 1, YMax: 0.75}} {
			b, ok := f.Box(c.x1, c.y1, c.x2, c.y2)
			if ok != c.ok {
				t.Errorf("%+v: ok is %v", c, ok)
			}
			if ok && !(b.XMin >= in.XMin && b.YMin >= in.YMin && b.XMax <= in.XMax && b.YMax <= in.YMax) {
				t.Errorf("%+v gives %+v", c, b)
			}
		}
	}
}

func TestRegionInPixels(t *testing.T) {
	for _, c := range []struct {
		region frame.Box
		w, h   int
		want   image.Rectangle
	}{
		{frame.Box{}, 7, 5, image.Rect(0, 0, 7, 5)},
		{frame.Box{XMax: 1, YMax: 1}, 7, 5, image.Rect(0, 0, 7, 5)},
		{frame.Box{XMin: 0.25, YMin: 0.5, XMax: 0.75, YMax: 1}, 8, 4, image.Rect(2, 2, 6, 4)},
		{frame.Box{XMin: 0.3, YMin: 0.3, XMax: 0.31, YMax: 0.31}, 10, 10, image.Rect(3, 3, 4, 4)},
		{frame.Box{XMin: 0.29, YMin: 0.29, XMax: 0.31, YMax: 0.31}, 10, 10, image.Rect(2, 2, 4, 4)},
		{frame.Box{XMin: 0.5, YMin: 0.5, XMax: 0.5, YMax: 0.5}, 10, 10, image.Rect(5, 5, 6, 6)},
		{frame.Box{XMin: -3, YMin: 2, XMax: -2, YMax: 9}, 10, 10, image.Rect(0, 9, 1, 10)},
		{frame.Box{XMin: -1e30, YMin: -1e30, XMax: 1e30, YMax: 1e30}, 10, 10, image.Rect(0, 0, 10, 10)},
	} {
		if got := pixels(c.region, c.w, c.h); got != c.want {
			t.Errorf("%+v of %d×%d is %v, want %v", c.region, c.w, c.h, got, c.want)
		}
	}
}

// Normalised as float32 most pixels' borders are not on them any more; they are
// meant all the same.
func TestRegionsOfWholePixelsReturn(t *testing.T) {
	for _, side := range []int{7, 1080, 1920, 8191, MaxSide - 1, MaxSide} {
		for from := range side {
			low, high := float32(from)/float32(side), float32(from+1)/float32(side)
			if a, b := span(low, high, side); a != from || b != from+1 {
				t.Fatalf("pixel %d of %d is %d–%d", from, side, a, b)
			}
		}
	}
}
