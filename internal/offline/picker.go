package offline

import (
	"math"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// picker chooses frames of a film by time: the first of each interval of
// 1/fps. A frame is given out once the next interval has begun, so that a film
// of 139.4 s has 139 at one a second: a rest of less than half an interval at
// the end is left out.
type picker struct {
	fps   float64 // 0: every frame
	every int     // other than 0: each so many-th frame, whatever the time
	seen  int
	// held is the frame of the interval with that number.
	held     *frame.Frame
	interval float64
	begun    bool // a frame was given out
	newest   time.Duration
	end      time.Duration
}

// tolerance is how much of an interval a time may be too early: containers
// round times.
const tolerance = 0.01

// next takes over the film's next frame. It returns the frame that is chosen
// now, or nil; either way what is not chosen is released.
func (p *picker) next(f *frame.Frame) *frame.Frame {
	if p.every > 0 {
		if p.seen++; p.seen%p.every != 1%p.every {
			f.Release()
			return nil
		}
		return f
	}
	if p.fps == 0 {
		return f
	}
	p.end = f.PTS + max(f.Duration, f.PTS-p.newest)
	p.newest = f.PTS
	n := math.Floor(f.PTS.Seconds()*p.fps + tolerance)
	if (p.held != nil || p.begun) && n <= p.interval {
		f.Release()
		return nil
	}
	chosen := p.held
	p.begun = p.begun || chosen != nil
	p.held, p.interval = f, n
	return chosen
}

// last returns the frame that is chosen because the film is over, or nil.
func (p *picker) last() *frame.Frame {
	f := p.held
	p.held = nil
	if f != nil && p.begun && p.end.Seconds()*p.fps-p.interval < 0.5 {
		f.Release()
		return nil
	}
	return f
}
