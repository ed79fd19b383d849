//go:build !purego

package letterbox

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// The assembly must give what the portable code gives, bit by bit: it is run on
// whole pictures and on rows of anything.
func TestAssemblyEqualsGo(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	defer func() { hasAVX2 = true }()
	rng := rand.New(rand.NewPCG(11, 12))
	var s Scratch
	for range 600 {
		k := kinds(1+rng.IntN(200), 1+rng.IntN(100))[rng.IntN(8)]
		target := Raw(1+rng.IntN(100), 1+rng.IntN(40), Order(rng.IntN(3)), 3)
		target.Mode, target.Layout = Mode(rng.IntN(4)), Layout(rng.IntN(2))
		target.Type = []tensor.Type{tensor.Float32, tensor.Float16, tensor.Uint8}[rng.IntN(3)]
		target.Mean, target.Scale = [3]float32{1, 2.5, 100}, [3]float32{0.3, 1. / 255, 1}
		f, c := picture(rng, k), NewConverter(target)
		fit, err := c.Fit(f, frame.Box{XMax: rng.Float32(), YMax: rng.Float32()})
		if err != nil {
			t.Fatal(err)
		}
		var out [2][]byte
		for i := range out {
			hasAVX2 = i == 0
			out[i] = tensor.Make(target.Type, target.Len())
			c.Convert(out[i], f, fit, &s)
			s.fit = Fit{} // nothing that the other has made is used
		}
		if !bytes.Equal(out[0], out[1]) {
			t.Fatalf("%+v as %+v differs", k, target)
		}
	}
}

// What a picture cannot have, such as a tap of any offset, is computed alike too.
func TestAssemblyEqualsGoOnAnything(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	rng := rand.New(rand.NewPCG(13, 14))
	var first, second line
	for i := range first {
		first[i], second[i] = byte(rng.Uint32()), byte(rng.Uint32())
	}
	for n := 1; n < 60; n++ {
		taps := room[tap](nil, n)
		for i := range taps {
			taps[i] = newTap(rng.IntN(lineMask+1), float64(rng.IntN(weightOne+1))/weightOne)
		}
		luma := func() []uint16 { return room[uint16](nil, n) }
		chroma := func() []uint32 { return room[uint32](nil, n) }
		a, b := [2][]uint16{luma(), luma()}, [2][]uint16{luma(), luma()}
		p, q := [2][]uint32{chroma(), chroma()}, [2][]uint32{chroma(), chroma()}
		scaleLuma(a[0], taps, &first)
		scaleLuma(a[1], taps, &second)
		scaleLumaGo(b[0], taps, &first)
		scaleLumaGo(b[1], taps, &second)
		same(t, "luma", a[0], b[0])
		same(t, "luma", a[1], b[1])
		scalePairs(p[0], taps, &first)
		scalePairsGo(q[0], taps, &first)
		same(t, "pairs", p[0], q[0])
		scalePlanes(p[1], taps, &first, &second)
		scalePlanesGo(q[1], taps, &first, &second)
		same(t, "planes", p[1], q[1])
		var x, y [3][]uint8
		for i := range x {
			x[i], y[i] = room[uint8](nil, n), room[uint8](nil, n)
		}
		for _, key := range []colourKey{{false, false}, {false, true}, {true, false}, {true, true}} {
			k, w0, w1 := newColour(key), uint32(rng.IntN(weightOne+1)), uint32(rng.IntN(weightOne+1))
			convert(x[0], x[1], x[2], a, w0, p, w1, k)
			convertGo(y[0], y[1], y[2], b, w0, q, w1, k)
			for i := range x {
				same(t, "levels", x[i], y[i])
			}
		}
	}
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: sample %d of %d is %v, want %v", what, i, len(want), got[i], want[i])
		}
	}
}
