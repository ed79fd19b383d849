package rtspout

import "time"

// clock maps the PTS of packets, and pictures that have none, onto the one
// running time that viewers see. It is passive: the time is passed in.
type clock struct {
	begun bool
	// live: the last picture was a packet, so that the next packet's PTS
	// continues it.
	live  bool
	shift time.Duration // added to PTS
	last  time.Duration // the last picture's time as viewers see it
	at    time.Time     // when that was
}

// tolerance is how far a feed's PTS may be off the time that has passed when
// it comes back, before viewers would notice a hole or a rush.
const tolerance = 500 * time.Millisecond

// packet is the viewers' time of a packet with that PTS that came now. It is
// strictly increasing.
func (c *clock) packet(pts time.Duration, now time.Time) time.Duration {
	out := pts + c.shift
	switch {
	case !c.begun:
	case out <= c.last || !c.live && (out-c.elapsed(now)).Abs() > tolerance:
		out = c.elapsed(now)
	}
	c.shift = out - pts
	c.begun, c.live, c.last, c.at = true, true, out, now
	return out
}

// filler is the viewers' time of a picture shown now that has no PTS.
func (c *clock) filler(now time.Time) time.Duration {
	out := time.Duration(0)
	if c.begun {
		out = c.elapsed(now)
	}
	c.begun, c.live, c.last, c.at = true, false, out, now
	return out
}

// elapsed is the viewers' time now, after the last picture's.
func (c *clock) elapsed(now time.Time) time.Duration {
	return c.last + max(now.Sub(c.at), time.Millisecond)
}
