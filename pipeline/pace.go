package pipeline

import "time"

// pace is what a feed has learned about its camera's rhythm. It outlives
// connections. Guarded by Feed.mu.
type pace struct {
	interval  time.Duration // between frames, averaged; 0: not known
	gop       time.Duration // the longest keyframe interval seen
	lastFrame time.Time
	lastKey   time.Time
}

// begin forgets what must not be measured across two connections.
func (p *pace) begin() { p.lastFrame, p.lastKey = time.Time{}, time.Time{} }

func (p *pace) frame(now time.Time) {
	if !p.lastFrame.IsZero() {
		gap := now.Sub(p.lastFrame)
		if p.interval == 0 {
			p.interval = gap
		} else {
			// A weight of 1/8: a stall of a few seconds must not make the next
			// one, which may be a real one, hard to see.
			p.interval += (gap - p.interval) / 8
		}
	}
	p.lastFrame = now
}

func (p *pace) keyframe(now time.Time) {
	if !p.lastKey.IsZero() {
		p.atLeast(now.Sub(p.lastKey))
	}
	p.lastKey = now
}

// atLeast notes that a keyframe interval is this long or longer.
func (p *pace) atLeast(gop time.Duration) { p.gop = max(p.gop, gop) }

func (p *pace) fps() float64 {
	if p.interval <= 0 {
		return 0
	}
	return float64(time.Second) / float64(p.interval)
}

// stallLimit is how long a live feed may be without a frame.
func stallLimit(c Config, interval time.Duration) time.Duration {
	return min(c.StallMax, max(c.StallMin, 5*interval))
}

// firstFrameLimit is how long packets may flow without a frame.
func firstFrameLimit(c Config, gop time.Duration) time.Duration {
	return min(maxFirstFrameLimit, max(c.FirstFrameLimit, 2*gop))
}
