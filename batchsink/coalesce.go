package batchsink

import "time"

const coalesceWindow = time.Second

// coalescer turns occurrences into few reports: one opens a window of a second
// in which nothing more is reported but, once a second, what has gathered when
// the trouble passes. So there are at most two reports in any second.
type coalescer struct {
	count           int
	opened, flushed time.Duration
	used            bool
}

// due is when what was counted is to be reported.
func (c *coalescer) due() time.Duration {
	if !c.used {
		return 0
	}
	return c.opened + coalesceWindow
}

// take empties the count for a report that opens a window.
func (c *coalescer) take(now time.Duration) int {
	n := c.count
	c.count, c.opened = 0, now
	if !c.used {
		c.used, c.flushed = true, now-coalesceWindow
	}
	return n
}

// pass empties the count if the trouble has passed and that may be reported now.
func (c *coalescer) pass(now time.Duration) int {
	if !c.used || now < c.flushed+coalesceWindow {
		return 0
	}
	n := c.count
	if n > 0 {
		c.count, c.flushed = 0, now
	}
	return n
}

// rest empties the count at the end.
func (c *coalescer) rest() int {
	n := c.count
	c.count = 0
	return n
}
