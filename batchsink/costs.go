package batchsink

import "time"

// costs learns what a Process call of n entries takes on this device.
type costs struct {
	shape shape
	// by[n] is the weighted mean of calls of size n; 0: none seen.
	by []time.Duration
}

// costShift weighs a new call 1/8.
const costShift = 3

func newCosts(s shape) costs {
	return costs{s, make([]time.Duration, s.padded(s.largest)+1)}
}

// observe: a call of size entries, padding included, took d.
func (c *costs) observe(size int, d time.Duration) {
	if c.by[size] == 0 {
		c.by[size] = max(d, 1)
		return
	}
	c.by[size] += (d - c.by[size]) >> costShift
}

// known says whether any call has been observed.
func (c *costs) known() bool {
	for _, d := range c.by {
		if d > 0 {
			return true
		}
	}
	return false
}

// of estimates a call for n entries. Between two sizes seen it interpolates.
// Beyond them it hopes that the cost is that of the nearest: so a size that was
// never tried is tried when the hope makes it worth waiting for, and then known.
func (c *costs) of(n int) time.Duration {
	n = c.shape.padded(n)
	low, high := n, n
	for low > 0 && c.by[low] == 0 {
		low--
	}
	for high < len(c.by) && c.by[high] == 0 {
		high++
	}
	switch {
	case high == len(c.by) && low == 0:
		return 0
	case high == len(c.by):
		return c.by[low]
	case low == 0 || low == high:
		return c.by[high]
	}
	return c.by[low] + (c.by[high]-c.by[low])*time.Duration(n-low)/time.Duration(high-low)
}
