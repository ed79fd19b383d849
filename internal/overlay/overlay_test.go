package overlay

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

const (
	ground = 120  // every sample of a test picture
	canary = 0xA5 // every byte between and behind its rows
)

// picture is grey, in planes whose rows are longer than they need.
func picture(format frame.Format, w, h int) *Image {
	cw, ch := (w+1)/2, (h+1)/2
	plane := func(w, h int) frame.Plane {
		p := frame.Plane{Stride: w + 7, Data: slices.Repeat([]byte{canary}, (w+7)*h)}
		for y := range h {
			set(p.Data[y*p.Stride:][:w], ground)
		}
		return p
	}
	img := &Image{Format: format, Width: w, Height: h}
	img.Planes[0] = plane(w, h)
	if format == frame.NV12 {
		img.Planes[1] = plane(2*cw, ch)
	} else {
		img.Planes[1], img.Planes[2] = plane(cw, ch), plane(cw, ch)
	}
	return img
}

// intact reports whether nothing beyond the rows was written.
func intact(img *Image) bool {
	cw := (img.Width + 1) / 2
	for i, w := range []int{img.Width, cw, cw} {
		p := img.Planes[i]
		if p.Data == nil {
			continue
		}
		if i == 1 && img.Format == frame.NV12 {
			w = 2 * cw
		}
		for row := range slices.Chunk(p.Data, p.Stride) {
			for _, b := range row[w:] {
				if b != canary {
					return false
				}
			}
		}
	}
	return true
}

func (m *Image) sample(x, y int) yuv {
	s := yuv{y: m.Planes[0].Data[y*m.Planes[0].Stride+x]}
	x, y = x/2, y/2
	if m.Format == frame.NV12 {
		p := m.Planes[1]
		s.u, s.v = p.Data[y*p.Stride+2*x], p.Data[y*p.Stride+2*x+1]
	} else {
		s.u, s.v = m.Planes[1].Data[y*m.Planes[1].Stride+x], m.Planes[2].Data[y*m.Planes[2].Stride+x]
	}
	return s
}

// changed lists where the picture is no longer grey.
func (m *Image) changed() rect {
	r := rect{m.Width, m.Height, 0, 0}
	for y := range m.Height {
		for x := range m.Width {
			if m.sample(x, y) != (yuv{ground, ground, ground}) {
				r = rect{min(r.x0, x), min(r.y0, y), max(r.x1, x+1), max(r.y1, y+1)}
			}
		}
	}
	return r
}

func detection(label string, confidence, x0, y0, x1, y1 float32) frame.Detection {
	return frame.Detection{Label: label, Confidence: confidence, Box: frame.Box{XMin: x0, YMin: y0, XMax: x1, YMax: y1}}
}

func findings(age time.Duration, d ...frame.Detection) []frame.Finding {
	return []frame.Finding{{Age: age, Result: &frame.Result{Output: frame.Output{Detections: d}}}}
}

func plain() Config {
	c := DefaultConfig()
	c.Labels = false
	return c
}

func paint(t testing.TB, cfg Config, img *Image, f []frame.Finding) *Painter {
	t.Helper()
	p := NewPainter(cfg)
	if err := p.Draw(img, f); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStaysInThePicture draws random boxes, some of them nonsense, into
// pictures of every awkward size.
func TestStaysInThePicture(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), -1e30, 1e30, 0, 1}
	coordinate := func() float32 {
		if rng.IntN(8) == 0 {
			return odd[rng.IntN(len(odd))]
		}
		return rng.Float32()*1.6 - 0.3
	}
	labels := []string{"person", "", "Straßenbahn", "\xff\n\t", "人", strings.Repeat("very long ", 30)}
	for _, size := range [][2]int{{1, 1}, {2, 2}, {3, 5}, {17, 1}, {1, 40}, {64, 48}, {99, 101}, {321, 241}, {640, 23}} {
		for _, format := range []frame.Format{frame.I420, frame.NV12} {
			p := NewPainter(Config{Labels: true, Confidence: true, Scale: 1 + 3*rng.Float64()})
			for range 40 {
				img := picture(format, size[0], size[1])
				var all []frame.Finding
				for range 3 {
					var ds []frame.Detection
					for range 5 {
						ds = append(ds, detection(labels[rng.IntN(len(labels))], coordinate(),
							coordinate(), coordinate(), coordinate(), coordinate()))
					}
					for i := range ds {
						ds[i].Parent = rng.IntN(8) - 1
					}
					all = append(all, findings(time.Duration(rng.IntN(2))*time.Second, ds...)...)
					all[len(all)-1].Processor = string(rune('a' + len(all)))
					all[len(all)-1].Of = []string{"", "b", "c"}[rng.IntN(3)]
				}
				if err := p.Draw(img, all); err != nil {
					t.Fatal(err)
				}
				if !intact(img) {
					t.Fatalf("%v %v: written outside the picture", size, format)
				}
				for _, r := range p.placed {
					if r.clip(rect{0, 0, size[0], size[1]}) != r {
						t.Fatalf("%v: plate %v reaches outside", size, r)
					}
				}
			}
		}
	}
}

func TestFormatsShowTheSame(t *testing.T) {
	f := append(findings(0, detection("person", .87, .1, .2, .5, .8)), findings(time.Second, detection("car", .5, .6, .3, 1.2, .7))...)
	for _, size := range [][2]int{{320, 240}, {641, 479}} {
		a, b := picture(frame.I420, size[0], size[1]), picture(frame.NV12, size[0], size[1])
		paint(t, DefaultConfig(), a, f)
		paint(t, DefaultConfig(), b, f)
		for y := range size[1] {
			for x := range size[0] {
				if a.sample(x, y) != b.sample(x, y) {
					t.Fatalf("%v: pixel %d,%d is %v in I420, %v in NV12", size, x, y, a.sample(x, y), b.sample(x, y))
				}
			}
		}
	}
}

func TestBoxIsWhereItBelongs(t *testing.T) {
	img := picture(frame.I420, 400, 300)
	p := paint(t, plain(), img, findings(0, detection("person", 1, .25, .2, .75, .8)))
	out := p.look.outline
	if got, want := img.changed(), (rect{100 - out, 60 - out, 300 + out, 240 + out}); got != want {
		t.Errorf("changed %v, want %v", got, want)
	}
	colour := palette[paletteIndex("person")].samples(frame.BT601, false)
	for _, at := range [][2]int{{100, 60}, {299, 60}, {100, 239}, {299, 239}, {200, 60}, {100, 150}, {299, 150}} {
		if got := img.sample(at[0], at[1]); got != colour {
			t.Errorf("line at %v is %v, want %v", at, got, colour)
		}
	}
	inside := p.look.line + out
	for y := 60 + inside; y < 240-inside; y++ {
		for x := 100 + inside; x < 300-inside; x++ {
			if img.sample(x, y) != (yuv{ground, ground, ground}) {
				t.Fatalf("the picture inside is changed at %d,%d", x, y)
			}
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	nan := float32(math.NaN())
	for _, d := range []frame.Detection{
		detection("a", 1, nan, 0, 1, 1), detection("a", 1, 0, nan, 1, 1), detection("a", 1, 0, 0, nan, 1),
		detection("a", 1, 0, 0, 1, nan), detection("a", 1, .5, .5, .5, .9), detection("a", 1, .6, .5, .5, .9),
		detection("a", 1, 1, 0, 2, 1), detection("a", 1, -2, 0, 0, 1), detection("a", 1, 0, 1.5, 1, 2),
	} {
		img := picture(frame.I420, 64, 64)
		paint(t, DefaultConfig(), img, findings(0, d))
		if r := img.changed(); !r.empty() {
			t.Errorf("%v: drawn at %v", d.Box, r)
		}
	}
}

func TestOldFindingsAreDashedAndSaySo(t *testing.T) {
	painted := func(age time.Duration) (n int) {
		img := picture(frame.I420, 1000, 500)
		paint(t, plain(), img, findings(age, detection("person", 1, .1, .1, .9, .9)))
		colour := palette[paletteIndex("person")].samples(frame.BT601, false)
		for x := 100; x < 900; x++ {
			if img.sample(x, 50) == colour {
				n++
			}
		}
		return n
	}
	if n := painted(DefaultConfig().OldAfter); n != 800 {
		t.Errorf("%d of 800 pixels of a line that is not old", n)
	}
	if n := painted(DefaultConfig().OldAfter + 1); n < 350 || n > 450 {
		t.Errorf("%d of 800 pixels of a dashed line, want half", n)
	}
	d := detection("person", .874, 0, 0, 1, 1)
	c := DefaultConfig()
	if got := string(c.appendLabel(nil, &d, 2340*time.Millisecond)); got != "person 87% · 2.3 s ago" {
		t.Error(got)
	}
}

func TestLabels(t *testing.T) {
	c := DefaultConfig()
	for _, k := range []struct {
		d    frame.Detection
		want string
	}{
		{frame.Detection{Label: "person", Confidence: .875}, "person 88%"},
		{frame.Detection{Label: "person", Confidence: 1.5}, "person"},
		{frame.Detection{Label: "person", Confidence: float32(math.NaN())}, "person"},
		{frame.Detection{Class: 7, Confidence: .5}, "#7 50%"},
		{frame.Detection{Class: -1, Confidence: .5}, "50%"},
		{frame.Detection{Label: strings.Repeat("ä", 50), Confidence: .5}, strings.Repeat("ä", 40) + "… 50%"},
	} {
		if got := string(c.appendLabel(nil, &k.d, 0)); got != k.want {
			t.Errorf("%+v is labelled %q, want %q", k.d, got, k.want)
		}
	}
	c.Confidence = false
	if got := string(c.appendLabel(nil, &frame.Detection{Label: "person", Confidence: .5}, 0)); got != "person" {
		t.Error(got)
	}
}

func TestLabelsMakeRoomForEachOther(t *testing.T) {
	var ds []frame.Detection
	for i := range 6 { // six people on nearly the same spot
		o := float32(i) * .004
		ds = append(ds, detection("person", .9, .4+o, .4+o, .6+o, .8+o))
	}
	img := picture(frame.I420, 1280, 720)
	p := paint(t, DefaultConfig(), img, findings(0, ds...))
	if len(p.placed) != 6 {
		t.Fatalf("%d plates", len(p.placed))
	}
	for i, a := range p.placed {
		for _, b := range p.placed[:i] {
			if a.overlap(b) > 0 {
				t.Errorf("plates %v and %v overlap", a, b)
			}
		}
	}
}

func TestColoursAreStableAndApart(t *testing.T) {
	seen := map[int]string{}
	for _, label := range []string{"person", "car", "truck", "bus", "bicycle", "motion", "dog", "bottle"} {
		i := paletteIndex(label)
		if other, ok := seen[i]; ok {
			t.Errorf("%s and %s have one colour", label, other)
		}
		seen[i] = label
	}
	if paletteIndex("person") != 0 {
		t.Error("a person is not orange any more: films and habits depend on it")
	}
	for _, c := range palette {
		ink := c.ink()
		hi, lo := max(c.luminance(), ink.luminance()), min(c.luminance(), ink.luminance())
		if contrast := (hi + .05) / (lo + .05); contrast < 4.5 {
			t.Errorf("text on %v has contrast %.1f, want 4.5", c, contrast)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		rgb  rgb
		m    frame.Matrix
		full bool
		want yuv
	}{
		{rgb{0, 0, 0}, frame.BT601, false, yuv{16, 128, 128}},
		{rgb{255, 255, 255}, frame.BT601, false, yuv{235, 128, 128}},
		{rgb{255, 255, 255}, frame.BT709, true, yuv{255, 128, 128}},
		{rgb{255, 0, 0}, frame.BT601, false, yuv{81, 90, 240}},
		{rgb{255, 0, 0}, frame.BT709, false, yuv{63, 102, 240}},
		{rgb{0, 0, 255}, frame.BT709, false, yuv{32, 240, 118}},
		{rgb{0, 0, 255}, frame.BT601, true, yuv{29, 255, 107}},
	} {
		if got := c.rgb.samples(c.m, c.full); got != c.want {
			t.Errorf("%v by matrix %d, full %v: %v, want %v", c.rgb, c.m, c.full, got, c.want)
		}
	}
}

// TestRangeIsKept: a picture in limited range stays in it.
func TestRangeIsKept(t *testing.T) {
	f := findings(0, detection("person", .9, .1, .2, .9, .9), detection("car", .9, .3, .4, .6, .7))
	img := picture(frame.I420, 640, 480)
	p := paint(t, DefaultConfig(), img, f)
	for y := range img.Height {
		for _, v := range img.Planes[0].Data[y*img.Planes[0].Stride:][:img.Width] {
			if v < 16 || v > 235 {
				t.Fatalf("luma %d in limited range", v)
			}
		}
	}
	full := picture(frame.I420, 640, 480)
	full.FullRange = true
	if err := p.Draw(full, f); err != nil {
		t.Fatal(err)
	}
	want := palette[paletteIndex("person")].samples(frame.BT601, true)
	if got := full.sample(64, 300); got != want {
		t.Errorf("line in full range is %v, want %v", got, want)
	}
}

func TestBrokenPicturesAreRefused(t *testing.T) {
	short := picture(frame.I420, 64, 64)
	short.Planes[2].Data = short.Planes[2].Data[:100]
	narrow := picture(frame.NV12, 64, 64)
	narrow.Planes[1].Stride = 63
	unknown := picture(frame.I420, 64, 64)
	unknown.Format = frame.FormatUnknown
	for _, img := range []*Image{{}, short, narrow, unknown} {
		if err := NewPainter(DefaultConfig()).Draw(img, nil); !errors.Is(err, ErrImage) {
			t.Errorf("%v %d×%d: %v", img.Format, img.Width, img.Height, err)
		}
	}
}

func TestGlyphsAreBounded(t *testing.T) {
	f := newTypeface(boldFont(), 12)
	mask := make([]uint8, 100*20)
	for r := rune(32); r < 6000; r++ {
		f.draw(mask, 100, 20, 0, 15, []byte(string(r)))
	}
	if len(f.glyphs) > maxGlyphs {
		t.Errorf("%d glyphs kept", len(f.glyphs))
	}
}

func crowd() []frame.Finding {
	var ds []frame.Detection
	for i := range 20 {
		x, y := float32(i%5)*.19+.02, float32(i/5)*.24+.03
		ds = append(ds, detection([]string{"person", "car", "dog"}[i%3], .5+float32(i)*.02, x, y, x+.15, y+.2))
	}
	return findings(0, ds...)
}

func TestDrawingAllocatesNothing(t *testing.T) {
	img := picture(frame.NV12, 1280, 720)
	f := append(crowd(), cascade()...)
	p := paint(t, DefaultConfig(), img, f)
	n := testing.AllocsPerRun(10, func() {
		p.Draw(img, f)
	})
	if n > 0 {
		t.Errorf("%v allocations per picture", n)
	}
}

func BenchmarkDraw20At1080p(b *testing.B) {
	img := picture(frame.NV12, 1920, 1080)
	p, f := NewPainter(DefaultConfig()), crowd()
	b.ReportAllocs()
	for b.Loop() {
		p.Draw(img, f)
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Scale: math.NaN(), OldAfter: -1}.Validate()
	for _, key := range []string{"scale", "old_after"} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}

// TestPictures writes what the package draws as PNG files into the folder that
// NVPIPE_PICTURES names: whether it is nice is for eyes to say.
func TestPictures(t *testing.T) {
	dir := os.Getenv("NVPIPE_PICTURES")
	if dir == "" {
		t.Skip("NVPIPE_PICTURES names no folder to write pictures into")
	}
	f := append(crowd(), findings(2*time.Second, detection("person", .8, .3, .3, .7, .75))...)
	for _, size := range [][2]int{{320, 240}, {1280, 720}, {3840, 2160}} {
		img := picture(frame.I420, size[0], size[1])
		set(img.Planes[1].Data, 128)
		set(img.Planes[2].Data, 128)
		paint(t, DefaultConfig(), img, f)
		second := picture(frame.I420, size[0], size[1])
		set(second.Planes[1].Data, 128)
		set(second.Planes[2].Data, 128)
		paint(t, DefaultConfig(), second, cascade())
		writePNG(t, second, filepath.Join(dir, fmt.Sprintf("cascade%d.png", size[1])))
		writePNG(t, img, filepath.Join(dir, fmt.Sprintf("draw%d.png", size[1])))
		s := Slate(size[0], size[1], "front-door", "No signal\nsince 2026-11-23 15:22:33 UTC")
		writePNG(t, &s, filepath.Join(dir, fmt.Sprintf("slate%d.png", size[1])))
	}
}

func writePNG(t *testing.T, img *Image, name string) {
	out := image.NewRGBA(image.Rect(0, 0, img.Width, img.Height))
	kr, kb := 0.299, 0.114
	if img.Matrix == frame.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	for y := range img.Height {
		for x := range img.Width {
			s := img.sample(x, y)
			luma, u, v := (float64(s.y)-16)/219, (float64(s.u)-128)/224, (float64(s.v)-128)/224
			r, b := luma+2*(1-kr)*v, luma+2*(1-kb)*u
			g := (luma - kr*r - kb*b) / (1 - kr - kb)
			copy(out.Pix[out.PixOffset(x, y):], []byte{clamp8(255 * r), clamp8(255 * g), clamp8(255 * b), 255})
		}
	}
	file, err := os.Create(name)
	if err == nil {
		err = errors.Join(png.Encode(file, out), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
