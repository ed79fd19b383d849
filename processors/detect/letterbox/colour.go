package letterbox

import (
	"math"

	"github.com/nvpipe/nvpipe/frame"
)

// Fixed point: samples come in with sampleBits of fraction (two interpolations),
// coefficients with coefBits.
const (
	weightBits = 11
	weightOne  = 1 << weightBits
	sampleBits = 2 * weightBits
	coefBits   = 13
	levelShift = sampleBits + coefBits
)

// colour converts samples to the index of a level: for red,
// (y·Y + rv·V + r) >> levelShift. Offsets and rounding are inside r, g, b and
// grey0, which is for luma alone.
type colour struct {
	y, rv, gu, gv, bu int64
	r, g, b, grey0    int64
}

func newColour(m frame.Matrix, fullRange bool) colour {
	kr, kb := 0.299, 0.114
	if m == frame.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	black, lumaSpan, chromaSpan := 16.0, 219.0, 224.0
	if fullRange {
		black, lumaSpan, chromaSpan = 0, 255, 255
	}
	fixed := func(v float64) int64 { return int64(math.Round(v * (1 << coefBits))) }
	kg := 1 - kr - kb
	c := colour{
		y:  fixed(255 / lumaSpan),
		rv: fixed(255 / chromaSpan * 2 * (1 - kr)),
		gu: fixed(-255 / chromaSpan * 2 * (1 - kb) * kb / kg),
		gv: fixed(-255 / chromaSpan * 2 * (1 - kr) * kr / kg),
		bu: fixed(255 / chromaSpan * 2 * (1 - kb)),
	}
	const half = 1 << (levelShift - 1)
	zero := int64(levelOffset)<<levelShift + half - int64(black)*c.y<<sampleBits
	c.grey0 = zero
	c.r = zero - 128*c.rv<<sampleBits
	c.g = zero - 128*(c.gu+c.gv)<<sampleBits
	c.b = zero - 128*c.bu<<sampleBits
	return c
}
