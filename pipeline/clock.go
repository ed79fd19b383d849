package pipeline

import "time"

const (
	// jumpStep is the largest step of a stream's time that is believed without
	// the host's clock agreeing.
	jumpStep = 5 * time.Second
	// jumpSlack is how far the two may disagree: a jitter buffer and a network
	// burst are within it, an encoder's clock that was set is not.
	jumpSlack = time.Second
	// minStep keeps the clock strictly increasing where time gives no reason to.
	minStep = time.Millisecond
)

// streamClock maps the running times of one graph after another onto the
// feed's own clock: strictly increasing, at the stream's pace while that is
// plausible, at the host's where it is not. Guarded by Feed.mu.
type streamClock struct {
	last    time.Duration // newest time given out
	lastIn  time.Duration // the running time it was given for
	lastAt  time.Time     // when
	offset  time.Duration
	started bool // a time has been given out
	joined  bool // offset holds for the current graph
	jumps   uint64
	// breaks are jumps and rejoinings.
	breaks uint64
}

// rejoin is called before the first frame of another graph.
func (c *streamClock) rejoin() { c.joined = false }

// at is the feed time of a frame with running time in that arrived now.
func (c *streamClock) at(now time.Time, in time.Duration) time.Duration {
	switch {
	case !c.started:
		c.offset = -in
	case !c.joined:
		c.restamp(now, in)
	case c.jumped(now, in):
		c.jumps++
		c.restamp(now, in)
	}
	c.started, c.joined = true, true
	c.last, c.lastIn, c.lastAt = in+c.offset, in, now
	return c.last
}

func (c *streamClock) jumped(now time.Time, in time.Duration) bool {
	if in <= c.lastIn {
		return true
	}
	// A difference past the range of Duration wraps to a negative step.
	step := in - c.lastIn
	return step < 0 || step > jumpStep && step > now.Sub(c.lastAt)+jumpSlack
}

// restamp lets the feed's clock go on by what has passed on the host's.
func (c *streamClock) restamp(now time.Time, in time.Duration) {
	c.breaks++
	c.offset = c.last + max(now.Sub(c.lastAt), minStep) - in
}
