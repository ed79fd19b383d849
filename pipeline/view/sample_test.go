package view

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestSampleIsTheMean(t *testing.T) {
	const width, height = cols * perCell, rows * perCell
	luma := frame.Plane{Data: make([]byte, height*(width+7)), Stride: width + 7}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range luma.Data {
		luma.Data[i] = byte(rng.Uint32())
	}
	var s sample
	makeGrid(width, height).take(luma, &s)
	for r := range rows {
		for c := range cols {
			sum := 0
			for y := range perCell {
				for x := range perCell {
					sum += int(luma.Data[(r*perCell+y)*luma.Stride+c*perCell+x])
				}
			}
			if want := float64(sum) / (perCell * perCell); math.Abs(float64(s[r*cols+c])-want) > 1e-3 {
				t.Fatalf("cell %d,%d is %v, want %v", c, r, s[r*cols+c], want)
			}
		}
	}
}

// An edge at a known place is found shifted by what it was shifted.
func TestSearch(t *testing.T) {
	w := newWorld(t, 1)
	grid := makeGrid(pictureWidth, pictureHigh)
	look := func(x, y float64) *edges {
		var s sample
		grid.take(w.picture(0, shot{pose: pose{x: x / cols, y: y / rows}}), &s)
		e := new(edges)
		e.find(&s, new(work))
		return e
	}
	ref := look(0, 0)
	for _, want := range []shift{{0, 0}, {1, 0}, {-5, 0}, {0, 4}, {7, -3}, {-16, 8}, {15, -10}} {
		got, a := new(searcher).find(ref, look(-float64(want.x), -float64(want.y)))
		if got != want || a.mean() < .6 {
			t.Errorf("found %v with agreement %v, want %v", got, a, want)
		}
	}
}

// Any size and stride is looked at or left, without a panic, and the state only
// goes forward.
func FuzzView(f *testing.F) {
	f.Add(1, 1, 0, 4, uint64(1), int64(200))
	f.Add(95, 63, 3, 9, uint64(2), int64(-200))
	f.Add(640, 360, 32, 5, uint64(3), int64(1e6))
	f.Add(0, -1, -5, 5, uint64(4), int64(0))
	f.Fuzz(func(t *testing.T, width, height, padding, size int, seed uint64, step int64) {
		if width > 700 || height > 700 || padding > 100 || padding < -100 {
			t.Skip()
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		o := observer{Estimator: New()}
		bytes := max((width+padding)*height+size%3-1, 0)
		data := make([]byte, bytes)
		var epoch uint64
		for n := range 12 {
			for i := range data {
				data[i] = byte(rng.Uint32() >> (n % 9))
			}
			v := o.see(time.Duration(n)*time.Duration(step)*time.Millisecond, frame.Plane{Data: data, Stride: width + padding}, width, height)
			if v.Epoch < epoch || v.Lens > frame.LensBlinded {
				t.Fatalf("after epoch %d comes %+v", epoch, v)
			}
			epoch = v.Epoch
		}
	})
}

// What is not a picture changes nothing and is not held against the camera.
func TestUnreadableFrames(t *testing.T) {
	o := observer{Estimator: New()}
	short := frame.Plane{Data: make([]byte, 10), Stride: 64}
	for n := range 100 {
		if v := o.see(time.Duration(n)*200*time.Millisecond, short, 64, 64); v != (frame.ViewState{}) {
			t.Fatalf("the view is %+v", v)
		}
	}
	if o.learned != 0 {
		t.Error("something was learned")
	}
}

func TestLooksAreBoundedByTime(t *testing.T) {
	o := observer{Estimator: New()}
	luma := frame.Plane{Data: make([]byte, 64*64), Stride: 64}
	looks := 0
	for n := range 240 {
		before := o.seen
		o.see(time.Duration(n)*time.Second/240, luma, 64, 64)
		if !o.seen.Equal(before) {
			looks++
		}
	}
	if looks != 6 {
		t.Errorf("%d looks in a second of 240 frames, want 6", looks)
	}
}

func BenchmarkLook(b *testing.B) {
	const width, height = 1920, 1080
	f := frame.Frame{Width: width, Height: height}
	f.Planes[0] = frame.Plane{Data: make([]byte, width*height), Stride: width}
	rng := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, width*height)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for name, strange := range map[string]bool{"same view": false, "another view": true} {
		b.Run(name, func(b *testing.B) {
			e := New()
			at := epoch
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				at = at.Add(time.Second)
				f.Arrived = at
				if f.Planes[0].Data = noise; strange {
					f.Planes[0].Data = noise[n%7*width*16:]
					f.Height = height - 7*16
				}
				e.View(&f)
			}
		})
	}
}
