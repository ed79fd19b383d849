package letterbox

import "math"

// tap is where one output sample comes from on one axis: a mixture of the
// input sample at an offset and the next one, that with a weight of weightOne.
// Without a next one the weight is 0. Offset and weight are the halves of one
// word, as the assembly knows.
type tap uint32

func newTap(at int, weight float64) tap {
	return tap(at) | tap(math.Round(weight*weightOne))<<16
}

// at is below len(line) − 8, whatever the tap is.
func (t tap) at() int        { return int(t & lineMask) }
func (t tap) weight() uint32 { return uint32(t >> 16) }

// axis is what an output needs of one axis of a plane.
type axis struct {
	// from–to are the bytes of a row, or the rows, that are used; taps count
	// from the first.
	from, to int
	taps     []tap
}

// stretch is one axis of a Fit: the pixels from–to of the output come from the
// length pixels of a region that starts at start; all of the region would be
// the outputs origin … origin+size−1.
type stretch struct{ from, to, origin, size, start, length int }

// grid is the samples of a plane on one axis: sample k of n lies at k·step +
// site of the picture's pixels.
type grid struct {
	n          int
	step, site float64
}

// set makes the table, reusing its memory; distance is that of two samples in
// bytes. Positions are limited to the centres of the region's pixels and to
// those of the grid's samples: the region's edge is repeated, and chroma is
// that of the picture, whatever the region.
func (a *axis) set(s stretch, g grid, distance int) {
	position := func(out int) (sample int, part float64) {
		at := (float64(out-s.origin)+0.5)*float64(s.length)/float64(s.size) - 0.5
		at = float64(s.start) + min(max(at, 0), float64(s.length-1))
		at = min(max((at-g.site)/g.step, 0), float64(g.n-1))
		return int(at), at - float64(int(at))
	}
	first, _ := position(s.from)
	last, _ := position(s.to - 1)
	a.from, a.to = first*distance, min(last+2, g.n)*distance
	a.taps = room(a.taps, s.to-s.from)
	for i := range a.taps {
		sample, part := position(s.from + i)
		a.taps[i] = newTap((sample-first)*distance, part)
	}
}

// rows are the plane's rows that a row of the output lies between.
func (a *axis) rows(out int) (first, next int, weight uint32) {
	t := a.taps[out]
	first = a.from + t.at()
	return first, min(first+1, a.to-1), t.weight()
}
