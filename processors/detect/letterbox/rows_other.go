//go:build !amd64 || purego

package letterbox

func scaleLuma(out []uint16, taps []tap, row *line)      { scaleLumaGo(out, taps, row) }
func scalePairs(out []uint32, taps []tap, row *line)     { scalePairsGo(out, taps, row) }
func scalePlanes(out []uint32, taps []tap, cb, cr *line) { scalePlanesGo(out, taps, cb, cr) }

func convert(r, g, b []uint8, luma [2][]uint16, lumaWeight uint32, chroma [2][]uint32, chromaWeight uint32, k *colour) {
	convertGo(r, g, b, luma, lumaWeight, chroma, chromaWeight, k)
}

func lookUp[T any](out []T, in []uint8, values *[256]T) { lookUpGo(out, in, values) }
