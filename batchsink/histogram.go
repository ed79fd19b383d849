package batchsink

import "slices"

// Histogram is a distribution in fixed buckets.
type Histogram struct {
	// Bounds are the buckets' upper bounds, inclusive, ascending; shared, not
	// to be changed. Latencies are in seconds.
	Bounds []float64
	// Counts has one more element than Bounds, for what is above the last.
	Counts []uint64
	// Count and Sum are of all values observed.
	Count uint64
	Sum   float64
}

// Mean is the average value; ok is false when there is none.
func (h Histogram) Mean() (mean float64, ok bool) {
	if h.Count == 0 {
		return 0, false
	}
	return h.Sum / float64(h.Count), true
}

// Quantile estimates the value below which a share q of all values lies, 0–1,
// by interpolation in its bucket; ok is false when there is none. What is above
// the last bound is given as the last bound.
func (h Histogram) Quantile(q float64) (value float64, ok bool) {
	if h.Count == 0 {
		return 0, false
	}
	rank, below, low := q*float64(h.Count), 0.0, 0.0
	for i, bound := range h.Bounds {
		n := float64(h.Counts[i])
		if below+n >= rank && n > 0 {
			return low + (bound-low)*(rank-below)/n, true
		}
		below, low = below+n, bound
	}
	return low, true
}

var (
	latencyBounds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	sizeBounds    = []float64{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512, 1024}
)

// histogram is a Histogram being filled; both sets of bounds have its length.
type histogram struct {
	bounds *[]float64
	counts [17]uint64
	count  uint64
	sum    float64
}

func (h *histogram) observe(v float64) {
	i := 0
	for i < len(*h.bounds) && v > (*h.bounds)[i] {
		i++
	}
	h.counts[i]++
	h.count++
	h.sum += v
}

func (h *histogram) mean() (float64, bool) {
	return Histogram{Count: h.count, Sum: h.sum}.Mean()
}

func (h *histogram) snapshot() Histogram {
	return Histogram{*h.bounds, slices.Clone(h.counts[:]), h.count, h.sum}
}
