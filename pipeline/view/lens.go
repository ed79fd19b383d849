package view

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

const (
	// lensPatience is how long nothing must be seen before the lens is said to
	// be covered or blinded: longer than headlights and cameras that adapt.
	lensPatience = 2 * time.Second
	// clearPatience is how long something must be seen again.
	clearPatience = 600 * time.Millisecond
	// Structure that falls below these shares of the usual is lost: even if the
	// view is recognised, as behind a veil; unless it is well recognised, as when
	// lamps go out.
	veiled = .1
	faded  = .3
	// mostBlocks is the share of the blocks that must have lost theirs. What
	// stands close by may hide more than half of them.
	mostBlocks = .75
	// something is the structure of a block in luma levels that can be lost;
	// fewer than someBlocks of such are a picture with nothing in it: darkness.
	something  = .3
	someBlocks = 4
	// manyBright is the share of cells without any more to say that, beyond what
	// is usual, blinds.
	manyBright = .4
	// usualTime is the time constant in which what is usual follows the day, and
	// lessTime that for structure that becomes less: what is usual is the scene's
	// and not that of things that come and go before it.
	usualTime = 5 * time.Minute
	lessTime  = 10 * time.Second
)

// look is what one small picture says for judging the lens.
type look struct {
	structure structure
	bright    float32
	// view is how well it agrees with the reference, rest with the look before.
	view, rest float32
	// found: the reference view is seen elsewhere in the picture; turning: the
	// camera has been seen to turn.
	found, turning bool
}

// lens judges whether a camera can see.
type lens struct {
	state frame.Lens
	usual look // while the view was recognised
	// doubt is what the picture looks like if it is not state, and for how long.
	doubt    frame.Lens
	doubtful time.Duration
}

// judge takes a picture, step after the one before, and reports whether the
// state has changed.
func (l *lens) judge(p *look, step time.Duration) (changed bool) {
	now := l.seems(p)
	if now == l.state || now != l.doubt {
		l.doubt, l.doubtful = now, 0
		return false
	}
	l.doubtful += step
	patience := lensPatience
	if now == frame.LensClear {
		patience = clearPatience
	}
	if l.doubtful < patience {
		return false
	}
	l.state, l.doubtful = now, 0
	return true
}

func (l *lens) seems(p *look) frame.Lens {
	glare := p.bright >= manyBright && p.bright >= l.usual.bright+manyBright/2
	switch {
	case glare && (p.view < recognised || l.lost(p, faded)):
		return frame.LensBlinded
	case l.blank(p):
		return frame.LensCovered
	}
	return frame.LensClear
}

// blank reports whether the picture has lost what it usually shows, or is noise,
// in which nothing is recognised from one look to the next.
func (l *lens) blank(p *look) bool {
	switch {
	case l.lost(p, veiled):
		return true
	case p.found:
		return false
	case p.view < wellRecognised && l.lost(p, faded):
		return true
	}
	return p.view < recognised/2 && p.rest < atRest/2 && !p.turning
}

// lost reports whether most of the blocks that usually have structure have less
// than a share of it now.
func (l *lens) lost(p *look, share float32) bool {
	lost, usual, now := 0, 0, 0
	for i, has := range p.structure {
		if has > something {
			now++
		}
		if u := l.usual.structure[i]; u > something {
			usual++
			if has < share*u {
				lost++
			}
		}
	}
	if usual < someBlocks {
		return now < someBlocks
	}
	return float32(lost) >= mostBlocks*float32(usual)
}

// suspicious: the picture may be that of a lens that is not clear.
func (l *lens) suspicious() bool { return l.state != frame.LensClear || l.doubt != frame.LensClear }

// learn takes a picture of the reference view into what is usual, in step, or
// by the share if that is more. What has been lost goes on being usual.
func (l *lens) learn(p *look, step time.Duration, least float32) {
	if l.lost(p, faded) {
		return
	}
	more, less := max(share(step, usualTime), least), max(share(step, lessTime), least)
	for i, now := range p.structure {
		if u := &l.usual.structure[i]; now < *u {
			*u += (now - *u) * less
		} else {
			*u += (now - *u) * more
		}
	}
	l.usual.bright += (p.bright - l.usual.bright) * more
}
