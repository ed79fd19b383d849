package yolox

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

func thresholds(classes int, v float32) []float32 {
	t := make([]float32, classes)
	for i := range t {
		t[i] = v
	}
	return t
}

func head(t *testing.T, width, height, classes int) *Head {
	t.Helper()
	h, ok := NewHead(width, height, DefaultRows(width, height), rowHead+classes)
	if !ok {
		t.Fatalf("no head for %d×%d", width, height)
	}
	return h
}

func TestHeadIsRecognised(t *testing.T) {
	for _, c := range []struct {
		width, height, rows, columns int
		ok                           bool
	}{
		{416, 416, 3549, 85, true},
		{640, 640, 8400, 85, true},
		{640, 384, 5040, 6, true},
		{1280, 1280, 34000, 85, true}, // four levels
		{640, 640, 25200, 85, false},  // three anchors per cell
		{416, 416, 3549, 5, false},    // no class
		{416, 416, 3548, 85, false},
		{420, 416, 3549, 85, false}, // no multiple of the strides
		{100, 100, 0, 85, false},
		{0, 0, 0, 85, false},
	} {
		if _, ok := NewHead(c.width, c.height, c.rows, c.columns); ok != c.ok {
			t.Errorf("%+v: ok is %v", c, ok)
		}
	}
}

// Boxes written into an output by the export's own rule come back exactly once
// each, wherever they lie and at whichever level.
func TestDecodeReturnsWhatWasWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	h := head(t, 128, 64, 3)
	columns := rowHead + h.Classes
	for range 200 {
		out := make([]float32, h.Len())
		want := map[int32]nms.Candidate{}
		for range 1 + rng.IntN(5) {
			i := rng.IntN(len(h.cells))
			c := h.cells[i]
			cx, cy, w, hh := rng.Float32()*128, rng.Float32()*64, 1+rng.Float32()*60, 1+rng.Float32()*60
			row := out[i*columns:][:columns]
			class := rng.IntN(h.Classes)
			clear(row)
			row[0], row[1] = cx/c.stride-c.x, cy/c.stride-c.y
			row[2], row[3] = float32(math.Log(float64(w/c.stride))), float32(math.Log(float64(hh/c.stride)))
			row[4], row[rowHead+class] = 0.8, 0.9
			want[int32(i)] = nms.Candidate{X1: cx - w/2, Y1: cy - hh/2, X2: cx + w/2, Y2: cy + hh/2, Score: .72, Class: int32(class)}
		}
		got := h.Decode(out, thresholds(3, .5), .5, nil)
		if len(got) != len(want) {
			t.Fatalf("%d candidates, want %d", len(got), len(want))
		}
		for _, g := range got {
			w := want[g.Index]
			for _, d := range []float32{g.X1 - w.X1, g.Y1 - w.Y1, g.X2 - w.X2, g.Y2 - w.Y2, 100 * (g.Score - w.Score)} {
				if d > 1e-3 || d < -1e-3 {
					t.Fatalf("got %+v, want %+v", g, w)
				}
			}
			if g.Class != w.Class {
				t.Fatalf("class %d, want %d", g.Class, w.Class)
			}
		}
	}
}

func TestThresholds(t *testing.T) {
	h := head(t, 32, 32, 2)
	row := func(objectness, a, b float32) []float32 {
		out := make([]float32, h.Len())
		copy(out[7*3:], []float32{0, 0, 0, 0, objectness, a, b})
		return out
	}
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name      string
		out       []float32
		threshold []float32
		floor     float32
		want      int
	}{
		{"above", row(.8, .5, .1), []float32{.3, .3}, .3, 1},
		{"exactly at", row(.5, .5, 0), []float32{.25, .25}, .25, 1},
		{"below by the product", row(.5, .5, 0), []float32{.3, .3}, .3, 0},
		{"a class's own threshold", row(.8, .5, .1), []float32{.5, .3}, .3, 0},
		{"an unwanted class does not become the second best", row(.9, .9, .8), []float32{inf, .3}, .3, 0},
		{"the second class", row(.9, .1, .8), []float32{inf, .3}, .3, 1},
	} {
		if got := h.Decode(c.out, c.threshold, c.floor, nil); len(got) != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestNoBadNumberLeaves(t *testing.T) {
	h := head(t, 32, 32, 2)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	bad := []float32{nan, inf, -inf, 3e38, -3e38, 1e10, 0, 1}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		out := make([]float32, h.Len())
		for i := range out {
			out[i] = bad[rng.IntN(len(bad))]
		}
		check(t, h, out)
	}
}

func check(t *testing.T, h *Head, out []float32) {
	t.Helper()
	for _, c := range h.Decode(out, thresholds(h.Classes, .1), .1, nil) {
		if !(c.Score >= .1 && c.Score <= 1) || c.Class < 0 || int(c.Class) >= h.Classes {
			t.Fatalf("%+v", c)
		}
		for _, v := range []float32{c.X1, c.Y1, c.X2, c.Y2} {
			if !(v >= -1e6 && v <= 1e6) {
				t.Fatalf("%+v", c)
			}
		}
		if c.X2 < c.X1 || c.Y2 < c.Y1 {
			t.Fatalf("%+v", c)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\xc0\x7f"))
	f.Fuzz(func(t *testing.T, seed []byte) {
		h := head(t, 32, 32, 2)
		out := make([]float32, h.Len())
		for i := range out {
			var bits uint32
			for k := range 4 {
				if len(seed) > 0 {
					bits = bits<<8 | uint32(seed[(4*i+k)%len(seed)])
				}
			}
			out[i] = math.Float32frombits(bits)
		}
		check(t, h, out)
	})
}

func BenchmarkDecode(b *testing.B) {
	h, _ := NewHead(416, 416, 3549, 85)
	out := make([]float32, h.Len())
	for i := 0; i < len(h.cells); i += 100 {
		copy(out[i*85:], []float32{0, 0, 1, 1, .9, .9})
	}
	threshold := thresholds(80, .3)
	var dst []nms.Candidate
	b.ReportAllocs()
	for b.Loop() {
		dst = nms.Suppress(h.Decode(out, threshold, .3, dst[:0]), .45, 100)
	}
}
