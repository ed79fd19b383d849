//go:build !purego

package letterbox

import "golang.org/x/sys/cpu"

// The assembly works on eight pixels at a time and, but for lookUpAVX2, beyond
// n up to a multiple of eight: rows come from room, which leaves space. n is
// positive.

//go:noescape
func scaleLumaAVX2(out *uint16, taps *tap, row *line, n int)

//go:noescape
func scalePairsAVX2(out *uint32, taps *tap, row *line, n int)

//go:noescape
func scalePlanesAVX2(out *uint32, taps *tap, cb, cr *line, n int)

// Pairs of weights have that of the second row in the upper half.
//
//go:noescape
func convertAVX2(red, green, blue *uint8, y0, y1 *uint16, c0, c1 *uint32, lumaWeights, chromaWeights uint32, k *colour, n int)

// n is a multiple of eight.
//
//go:noescape
func lookUpAVX2(out *float32, in *uint8, values *[256]float32, n int)

var hasAVX2 = cpu.X86.HasAVX2

func scaleLuma(out []uint16, taps []tap, row *line) {
	if !hasAVX2 {
		scaleLumaGo(out, taps, row)
		return
	}
	scaleLumaAVX2(&out[0], &taps[0], row, len(out))
}

func scalePairs(out []uint32, taps []tap, row *line) {
	if !hasAVX2 {
		scalePairsGo(out, taps, row)
		return
	}
	scalePairsAVX2(&out[0], &taps[0], row, len(out))
}

func scalePlanes(out []uint32, taps []tap, cb, cr *line) {
	if !hasAVX2 {
		scalePlanesGo(out, taps, cb, cr)
		return
	}
	scalePlanesAVX2(&out[0], &taps[0], cb, cr, len(out))
}

func convert(r, g, b []uint8, luma [2][]uint16, lumaWeight uint32, chroma [2][]uint32, chromaWeight uint32, k *colour) {
	if !hasAVX2 {
		convertGo(r, g, b, luma, lumaWeight, chroma, chromaWeight, k)
		return
	}
	pair := func(w uint32) uint32 { return weightOne - w | w<<16 }
	convertAVX2(&r[0], &g[0], &b[0], &luma[0][0], &luma[1][0], &chroma[0][0], &chroma[1][0],
		pair(lumaWeight), pair(chromaWeight), k, len(r))
}

func lookUp[T any](out []T, in []uint8, values *[256]T) {
	floats, ok := any(values).(*[256]float32)
	if !ok || !hasAVX2 || len(in) < 8 {
		lookUpGo(out, in, values)
		return
	}
	whole := len(in) &^ 7
	lookUpAVX2(&any(out[:whole]).([]float32)[0], &in[0], floats, whole)
	lookUpGo(out[whole:], in[whole:], values)
}
