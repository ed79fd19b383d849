package letterbox

import "math"

// tap is where one output sample comes from on one axis: a mixture of the
// input sample at offset at and the next one, that with weight of weightOne.
// Without a next one the weight is 0.
type tap struct{ at, weight uint16 }

// axis is what an output needs of one axis of a plane.
type axis struct {
	// The samples first … first+count−1 are used; taps count from first.
	first, count int
	taps         []tap
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

// set makes the table, reusing its memory. Positions are limited to the centres
// of the region's pixels and to those of the grid's samples: the region's edge
// is repeated, and chroma is that of the picture, whatever the region.
func (a *axis) set(s stretch, g grid) {
	position := func(out int) float64 {
		at := (float64(out-s.origin)+0.5)*float64(s.length)/float64(s.size) - 0.5
		at = float64(s.start) + min(max(at, 0), float64(s.length-1))
		return min(max((at-g.site)/g.step, 0), float64(g.n-1))
	}
	a.taps = a.taps[:0]
	a.first = int(position(s.from))
	for out := s.from; out < s.to; out++ {
		whole, part := math.Modf(position(out))
		a.taps = append(a.taps, tap{
			at:     uint16(int(whole) - a.first),
			weight: uint16(math.Round(part * weightOne)),
		})
	}
	last := a.first + int(a.taps[len(a.taps)-1].at)
	a.count = min(last+2, g.n) - a.first
}

// spread multiplies the offsets by the distance of two samples in bytes.
func (a *axis) spread(distance uint16) {
	for i := range a.taps {
		a.taps[i].at *= distance
	}
}
