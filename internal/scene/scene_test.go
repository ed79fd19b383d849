package scene

import (
	"bytes"
	"math"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

func mustNew(t testing.TB, o Options) *Scene {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSameSeedSamePictures(t *testing.T) {
	a, b, other := mustNew(t, Demo(0)), mustNew(t, Demo(0)), mustNew(t, Demo(1))
	pa, pb, po := a.NewPlanes(), b.NewPlanes(), other.NewPlanes()
	for _, n := range []int{7, 300, 0} {
		a.Render(n, pa)
		b.Render(n, pb)
		other.Render(n, po)
		for i := range pa {
			if !bytes.Equal(pa[i].Data, pb[i].Data) {
				t.Errorf("frame %d, plane %d differs between two scenes of one seed", n, i)
			}
		}
		if bytes.Equal(pa[0].Data, po[0].Data) {
			t.Errorf("frame %d is the same with another seed", n)
		}
	}
}

func TestStridesAndVideoRange(t *testing.T) {
	s := mustNew(t, Demo(2))
	tight, wide := s.NewPlanes(), [3]frame.Plane{}
	for i, p := range tight {
		wide[i] = frame.Plane{Stride: p.Stride + 32, Data: make([]byte, len(p.Data)/p.Stride*(p.Stride+32))}
	}
	s.Render(100, tight)
	s.Render(100, wide)
	for i, p := range tight {
		for y := range len(p.Data) / p.Stride {
			row := wide[i].Data[y*wide[i].Stride:][:wide[i].Stride]
			if !bytes.Equal(row[:p.Stride], p.Data[y*p.Stride:][:p.Stride]) {
				t.Fatalf("plane %d, row %d depends on the stride", i, y)
			}
			if !bytes.Equal(row[p.Stride:], make([]byte, 32)) {
				t.Fatalf("plane %d, row %d: written past its end", i, y)
			}
			for x, v := range row[:p.Stride] {
				if v < 16 || v > 240 {
					t.Fatalf("plane %d at %d,%d is %d, outside video range", i, x, y, v)
				}
			}
		}
	}
}

// With an empty scene of the same seed as the background, the pixels that
// differ are the objects: their extent must be the boxes.
func TestTruthIsWhatIsDrawn(t *testing.T) {
	o := Options{Width: 640, Height: 360, FPS: 15, Seed: 5, Objects: 1}
	empty := o
	empty.Objects = 0
	with, without := mustNew(t, o), mustNew(t, empty)
	pw, po := with.NewPlanes(), without.NewPlanes()
	inPicture := 0
	for n := 0; n < 300; n += 7 {
		with.Render(n, pw)
		without.Render(n, po)
		truth := with.At(n)
		got, any := extent(pw[0], po[0], 640)
		if !any {
			// A corner of a few pixels that equal the ground.
			if len(truth) > 0 && truth[0].Visible > .1 {
				t.Fatalf("frame %d: %v is not drawn", n, truth[0])
			}
			continue
		}
		inPicture++
		if len(truth) != 1 {
			t.Fatalf("frame %d: something is drawn, the truth has %d objects", n, len(truth))
		}
		if iou := truth[0].Box.IoU(got); iou < .97 && truth[0].Visible > .2 {
			t.Errorf("frame %d: drawn at %v, truth %v: IoU %v", n, got, truth[0].Box, iou)
		}
	}
	if inPicture < 20 {
		t.Errorf("the object was seen in %d frames only", inPicture)
	}
}

func extent(a, b frame.Plane, width int) (frame.Box, bool) {
	height := len(a.Data) / a.Stride
	minX, minY, maxX, maxY := width, height, -1, -1
	for i := range a.Data {
		if a.Data[i] != b.Data[i] {
			x, y := i%a.Stride, i/a.Stride
			minX, minY, maxX, maxY = min(minX, x), min(minY, y), max(maxX, x), max(maxY, y)
		}
	}
	return frame.Box{
		XMin: float32(minX) / float32(width), YMin: float32(minY) / float32(height),
		XMax: float32(maxX+1) / float32(width), YMax: float32(maxY+1) / float32(height),
	}, maxX >= 0
}

// The demo's verdict means something only if objects come and go, cross each
// other in plain view, move smoothly and are of plausible sizes.
func TestDemoScenesAreWorthwhile(t *testing.T) {
	for camera := range 4 {
		s := mustNew(t, Demo(camera))
		crossing, hidden, entering := 0, 0, 0
		kinds := map[Kind]bool{}
		last := map[int]frame.Box{}
		for n := range 345 {
			now := map[int]frame.Box{}
			for _, o := range s.At(n) {
				kinds[o.Kind] = true
				now[o.ID] = o.Box
				atEdge := o.Box.XMin == 0 || o.Box.YMin == 0 || o.Box.XMax == 1 || o.Box.YMax == 1
				switch {
				case atEdge && o.Visible < .5:
					entering++
				case atEdge:
				case o.Visible < .5:
					hidden++
				case o.Visible < .9:
					crossing++
				}
				if w := o.Box.XMax - o.Box.XMin; !atEdge && (w < .02 || w > .16) {
					t.Errorf("camera %d: a %v is %v of the width", camera, o.Kind, w)
				}
				if before, ok := last[o.ID]; ok && !atEdge && distance(before, o.Box) > .04 {
					t.Errorf("camera %d, frame %d: a %v jumps from %v to %v", camera, n, o.Kind, before, o.Box)
				}
			}
			last = now
		}
		if crossing < 20 || entering < 20 || len(kinds) != NumKinds {
			t.Errorf("camera %d: %d partly hidden, %d entering or leaving, kinds %v; a dull scene", camera, crossing, entering, kinds)
		}
		t.Logf("camera %d: %d partly hidden, %d mostly hidden, %d entering or leaving", camera, crossing, hidden, entering)
	}
}

func distance(a, b frame.Box) float64 {
	return math.Hypot(float64(a.XMin+a.XMax-b.XMin-b.XMax)/2, float64(a.YMin+a.YMax-b.YMin-b.YMax)/2)
}

func TestLightAndNoise(t *testing.T) {
	o := Options{Width: 320, Height: 180, FPS: 15, Seed: 3, Noise: 3}
	s := mustNew(t, o)
	a, b := s.NewPlanes(), s.NewPlanes()
	s.Render(10, a)
	s.Render(11, b)
	var sum, squares float64
	for i := range a[0].Data {
		d := float64(a[0].Data[i]) - float64(b[0].Data[i])
		sum += d
		squares += d * d
	}
	n := float64(len(a[0].Data))
	if deviation := math.Sqrt(squares/n) / math.Sqrt2; math.Abs(deviation-3) > .2 || math.Abs(sum/n) > .2 {
		t.Errorf("noise of deviation %.2f around %.2f, want 3 around 0", deviation, sum/n)
	}
	o.Light = .1
	lit := mustNew(t, o)
	lowest, highest := math.Inf(1), 0.
	for second := range 45 {
		lit.Render(second*15, a)
		m := mean(a[0].Data)
		lowest, highest = min(lowest, m), max(highest, m)
	}
	if highest/lowest < 1.1 || highest/lowest > 1.25 {
		t.Errorf("mean luma from %.1f to %.1f; want a slow change of about ±10 %%", lowest, highest)
	}
}

func mean(samples []byte) float64 {
	sum := 0
	for _, v := range samples {
		sum += int(v)
	}
	return float64(sum) / float64(len(samples))
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"odd width": func(o *Options) { o.Width = 641 }, "no height": func(o *Options) { o.Height = 0 },
		"no pace": func(o *Options) { o.FPS = 0 }, "too many": func(o *Options) { o.Objects = 17 },
		"noise": func(o *Options) { o.Noise = math.NaN() }, "light": func(o *Options) { o.Light = 1 },
	} {
		o := Demo(0)
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	s := mustNew(b, Demo(0))
	p := s.NewPlanes()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		s.Render(n, p)
	}
}
