package letterbox

import "math"

// tap is where one output sample comes from on one axis: a mixture of the
// input samples a and b, b with weight w of weightOne.
type tap struct {
	a, b uint16
	w    uint32
}

// newTaps maps out samples onto in samples. Each output sample lies at
// (i+½)·span/out − ½ of the picture's own pixels, span pixels long; a plane's
// sample k lies at k·step + site of those pixels. Outside the plane its edge
// is repeated.
func newTaps(out, span, in int, step, site float64) []tap {
	taps := make([]tap, out)
	for i := range taps {
		at := ((float64(i)+0.5)*float64(span)/float64(out) - 0.5 - site) / step
		at = min(max(at, 0), float64(in-1))
		whole := math.Floor(at)
		a := int(whole)
		taps[i] = tap{
			a: uint16(a), b: uint16(min(a+1, in-1)),
			w: uint32(math.Round((at - whole) * weightOne)),
		}
	}
	return taps
}

// interleaved makes taps of pairs: the offsets of the first of each pair.
func interleaved(taps []tap) []tap {
	for i := range taps {
		taps[i].a *= 2
		taps[i].b *= 2
	}
	return taps
}
