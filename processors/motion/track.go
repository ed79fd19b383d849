package motion

import (
	"math"
	"time"
)

// track is one thing followed over some frames. Its box is the whole thing's,
// also where it is outside the picture or hidden; all lengths are in cells.
type track struct {
	box        rect
	vx, vy     float64       // cells per second
	seen       time.Duration // PTS of the last frame in which it had a region to itself
	alone      float64       // seconds for which it had
	together   float64       // seconds for which it has shared one now
	metX, metY float64       // where its middle was then, or metFor seconds ago
	metFor     float64
	sightings  int
	contrast   float64
	fill       float64 // share of its box that is foreground when it is alone
	whole      bool    // it was once seen with no side cut off by the picture's
	cut        sides   // where it went on outside the picture when last alone
	look       patch
	recognised float64 // share of its look found again while it shares a region
	lost       float64 // seconds for which that was too little to be sure
	driftX     float64 // how far it was moved from where its speed would have brought it, while it shared
	driftY     float64
	doubts     int // frames in a row in which there was hardly anything where it should be
	justMissed bool
	// claimed is the region it was matched with in this frame, or -1.
	claimed int
}

const (
	// speedGain is how much of a newly measured speed is believed.
	speedGain = .35
	// sharedGain is how much of the way to a shared region's edge a track is
	// moved.
	sharedGain = .6
	// sharedSpeedGain is speedGain while it shares a region.
	sharedSpeedGain = .1
	// sureRecognised is how much of a track's look must be found for its place
	// to be believed.
	sureRecognised = .5
	// leastRecognised is how much there must be for it to be reported: of less,
	// it is hidden or not there at all.
	leastRecognised = .3
	// emptyMargin is how many cells of a box beyond the foreground are too many
	// to be a wrong place.
	emptyMargin = 2
	// longestLost is for how many seconds it may be hidden.
	longestLost = 1.5
)

func startTrack(r region, pts time.Duration) *track {
	return &track{box: r.box, seen: pts, sightings: 1, contrast: r.contrast, fill: r.fill(), recognised: 1}
}

// predict moves the track on by dt seconds. What is coming into the picture
// still goes on to its edge.
func (t *track) predict(dt float64, picture rect) {
	t.box = t.box.moved(t.vx*dt, t.vy*dt)
	if t.cut.left {
		t.box.x0 = min(t.box.x0, picture.x0)
	}
	if t.cut.right {
		t.box.x1 = max(t.box.x1, picture.x1)
	}
	if t.cut.top {
		t.box.y0 = min(t.box.y0, picture.y0)
	}
	if t.cut.bottom {
		t.box.y1 = max(t.box.y1, picture.y1)
	}
}

// mature tracks have been seen for long enough to know their size.
func (t *track) mature() bool { return t.alone >= youth && t.whole }

// sides says which edges of a region are cut off by the picture's.
type sides struct{ left, top, right, bottom bool }

func cutSides(r, picture rect) sides {
	return sides{r.x0 <= picture.x0, r.y0 <= picture.y0, r.x1 >= picture.x1, r.y1 >= picture.y1}
}

// measure takes a region that is this track's alone.
func (t *track) measure(r rect, contrast, fill float64, picture rect, dt float64) {
	cut := cutSides(r, picture)
	t.cut = cut
	t.whole = t.whole || cut == sides{}
	x0, x1, dx := fitSpan(t.box.x0, t.box.x1, r.x0, r.x1, cut.left, cut.right)
	y0, y1, dy := fitSpan(t.box.y0, t.box.y1, r.y0, r.y1, cut.top, cut.bottom)
	if dt > 0 {
		// The prediction was off by dx: so much must the speed have been, too.
		gain := speedGain
		if t.sightings == 1 {
			gain = 1
		}
		t.vx += gain * dx / dt
		t.vy += gain * dy / dt
		t.alone += dt
	}
	t.box = rect{x0, y0, x1, y1}
	t.contrast += .3 * (contrast - t.contrast)
	t.fill += .3 * (fill - t.fill)
	t.sightings++
	t.together, t.metFor, t.doubts, t.justMissed = 0, 0, 0, false
	t.driftX, t.driftY, t.lost, t.recognised = 0, 0, 0, 1
}

// fitSpan fits a predicted span to a measured one along one axis and says by
// how much it moved. At an edge of the picture the thing goes on outside, and
// only its other end tells where it is.
func fitSpan(from, to, seenFrom, seenTo float64, cutFrom, cutTo bool) (newFrom, newTo, moved float64) {
	switch {
	case cutFrom && cutTo:
		return min(from, seenFrom), max(to, seenTo), 0
	case cutFrom:
		length := max(to-from, seenTo-seenFrom)
		return seenTo - length, seenTo, seenTo - to
	case cutTo:
		length := max(to-from, seenTo-seenFrom)
		return seenFrom, seenFrom + length, seenFrom - from
	}
	return seenFrom, seenTo, (seenFrom + seenTo - from - to) / 2
}

// share moves a track within a region that it has in common with others: to
// where it looks like itself, else, where its edge is the outermost one of
// them all, to the region's edge.
func (t *track) share(w *scratch, r rect, all []*track, rest region, g grid, picture rect, dt float64) {
	outer := t.box
	if rest.cells > 0 {
		outer = outer.joined(rest.box)
	}
	for _, o := range all {
		outer = outer.joined(o.box)
	}
	if t.together == 0 || t.metFor > metLongest {
		t.metX, t.metY, t.metFor = t.box.cx(), t.box.cy(), 0
	}
	cut := cutSides(r, picture)
	t.enter(r, cut)
	dx, dy, recognised := t.look.find(w, t.box, g)
	if recognised < sureRecognised {
		dx = pull(t.box.x0-outer.x0, r.x0-t.box.x0, cut.left, outer.x1-t.box.x1, r.x1-t.box.x1, cut.right)
		dy = pull(t.box.y0-outer.y0, r.y0-t.box.y0, cut.top, outer.y1-t.box.y1, r.y1-t.box.y1, cut.bottom)
		t.driftX, t.driftY = t.driftX+sharedGain*dx, t.driftY+sharedGain*dy
	} else if dt > 0 {
		t.vx += sharedSpeedGain * dx / dt
		t.vy += sharedSpeedGain * dy / dt
	}
	t.box = t.box.moved(sharedGain*dx, sharedGain*dy)
	t.recognised = recognised
	t.together += dt
	t.metFor += dt
	t.sightings++
	t.justMissed = false
}

// shrink takes sides of the box in that are beyond the foreground: it was
// measured too large, with something else in it.
func (t *track) shrink(tight rect) {
	if t.recognised < sureRecognised || tight.area() == 0 {
		return
	}
	b := &t.box
	for _, side := range [...]struct {
		edge *float64
		to   float64
	}{{&b.x0, tight.x0}, {&b.y0, tight.y0}, {&b.x1, tight.x1}, {&b.y1, tight.y1}} {
		if off := side.to - *side.edge; math.Abs(off) >= emptyMargin {
			*side.edge += off / 2
		}
	}
}

// enter ends the box of a thing that was still coming into the picture where
// the region that it shares ends, now that this is not at the picture's edge.
func (t *track) enter(r rect, cut sides) {
	if t.cut.left && !cut.left {
		t.box.x0 = max(t.box.x0, r.x0)
	}
	if t.cut.right && !cut.right {
		t.box.x1 = min(t.box.x1, r.x1)
	}
	if t.cut.top && !cut.top {
		t.box.y0 = max(t.box.y0, r.y0)
	}
	if t.cut.bottom && !cut.bottom {
		t.box.y1 = min(t.box.y1, r.y1)
	}
	t.cut = sides{t.cut.left && cut.left, t.cut.top && cut.top, t.cut.right && cut.right, t.cut.bottom && cut.bottom}
}

// strayed reports whether a track was dragged along by a region further than
// its speed can have been wrong: it is on somebody else's.
func (t *track) strayed() bool {
	return math.Abs(t.driftX) > max(4, .4*t.box.w()) || math.Abs(t.driftY) > max(4, .4*t.box.h())
}

// nearlyOuter is how far within the others' an edge may be and still be taken
// for the outermost.
const nearlyOuter = 1.5

// metLongest is over how many seconds, at most, the speed of a track that
// shares a region is averaged.
const metLongest = 1.2

// speedTogether is how fast it moved of late, in cells per second, while it
// shared a region.
func (t *track) speedTogether() (x, y float64) {
	if t.metFor == 0 {
		return t.vx, t.vy
	}
	return (t.box.cx() - t.metX) / t.metFor, (t.box.cy() - t.metY) / t.metFor
}

// pull is the mean of the ways to those of a region's two edges that are this
// track's: it is (nearly) the outermost there and the picture does not cut it.
func pull(inLow, toLow float64, cutLow bool, inHigh, toHigh float64, cutHigh bool) float64 {
	low, high := inLow < nearlyOuter && !cutLow, inHigh < nearlyOuter && !cutHigh
	switch {
	case low && high:
		return (toLow + toHigh) / 2
	case low:
		return toLow
	case high:
		return toHigh
	}
	return 0
}
