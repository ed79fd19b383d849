package letterbox

import "math"

// Fixed point: a sample has sampleBits of fraction after each interpolation,
// coefficients have coefBits. A sum of products stays within an int32.
const (
	weightBits = 11
	weightOne  = 1 << weightBits
	sampleBits = 7
	coefBits   = 13
	levelShift = sampleBits + coefBits
)

// colour converts samples to a level: for red,
// (y·Y + red.cb·Cb + red.cr·Cr + r) >> levelShift. Offsets and rounding are
// inside r, g, b and grey, which is for luma alone. The layout is known to the
// assembly.
type colour struct {
	y                int32
	red, green, blue chromaCoef
	r, g, b, grey    int32
}

type chromaCoef struct{ cb, cr int16 }

func newColour(key colourKey) *colour {
	kr, kb := 0.299, 0.114
	if key.bt709 {
		kr, kb = 0.2126, 0.0722
	}
	black, lumaSpan, chromaSpan := 16.0, 219.0, 224.0
	if key.fullRange {
		black, lumaSpan, chromaSpan = 0, 255, 255
	}
	fixed := func(v float64) int32 { return int32(math.Round(v * (1 << coefBits))) }
	chroma := func(cb, cr float64) chromaCoef {
		return chromaCoef{int16(fixed(255 / chromaSpan * 2 * cb)), int16(fixed(255 / chromaSpan * 2 * cr))}
	}
	kg := 1 - kr - kb
	k := &colour{
		y:     fixed(255 / lumaSpan),
		red:   chroma(0, 1-kr),
		green: chroma(-(1-kb)*kb/kg, -(1-kr)*kr/kg),
		blue:  chroma(1-kb, 0),
	}
	offset := func(c chromaCoef) int32 {
		sum := int32(c.cb) + int32(c.cr)
		const half = 1 << (levelShift - 1)
		// Each interpolation cuts half a step off on average.
		return half - int32(black)*k.y<<sampleBits - 128*sum<<sampleBits + k.y + sum
	}
	k.r, k.g, k.b, k.grey = offset(k.red), offset(k.green), offset(k.blue), offset(chromaCoef{})
	return k
}
