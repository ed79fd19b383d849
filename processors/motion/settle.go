package motion

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// settle moves the tracks that claim a region.
func (t *tracker) settle(w *scratch, i int, pts time.Duration, dt float64) {
	r, owners := w.regions[i], t.owners[i]
	if len(owners) == 0 {
		return
	}
	known := slices.DeleteFunc(slices.Clone(owners), func(k *track) bool { return !k.mature() })
	if len(known) == 0 {
		known = append(known, owners[0])
	}
	slices.SortStableFunc(known, func(a, b *track) int { return cmp.Compare(b.alone, a.alone) })
	if len(known) == 1 && t.isAll(w, r, known[0], owners) || len(known) > 1 && t.isOne(w, r, known) {
		t.measure(w, known[0], r, t.pieces[i], pts, dt)
		t.dismiss(owners, known[:1])
		return
	}
	rest := w.leftover(r, known, t.grid)
	for _, k := range known {
		k.share(w, t.pieces[i], known, rest, t.grid, t.picture, dt)
		if k.box.cut(t.picture) == k.box {
			k.shrink(r.within(k.box, t.grid))
		}
		k.seen = pts
	}
	hide(known)
	t.doubt(w, known, dt)
	t.newcomer(w, owners, known, w.leftover(r, known, t.grid), pts, dt)
}

func (t *tracker) measure(w *scratch, k *track, r region, box rect, pts time.Duration, dt float64) {
	k.measure(box, r.contrast, r.fill(), t.picture, dt)
	k.look.take(w, r, k.box, t.grid)
	k.seen = pts
}

const (
	// muchLarger is how much larger than its track a region must be for there
	// to be something else in it.
	muchLarger = 1.25
	// newcomerSeconds is for how long that something may fail to become a
	// track before the region is the one track's after all.
	newcomerSeconds = .6
	// newcomerGap is how many cells it may be away from where it was: its speed
	// is not known yet.
	newcomerGap = 5
)

// isAll reports whether a region is all one track's: it is not much larger, or
// the track does not know better, or is not where it should be, or what else
// there is is no thing of its own.
func (t *tracker) isAll(w *scratch, r region, k *track, owners []*track) bool {
	if !k.mature() || r.box.area() <= muchLarger*k.box.cut(t.picture).area() {
		return true
	}
	if k.together > newcomerSeconds && len(owners) == 1 {
		return true
	}
	dx, dy, recognised := k.look.find(w, k.box, t.grid)
	if recognised < sureRecognised {
		// What has been there with something else may now be hidden by it.
		return k.together == 0
	}
	there := *k
	there.box = k.box.moved(dx, dy)
	return !t.counts(w.leftover(r, []*track{&there}, t.grid), k)
}

const (
	// oneSeconds is for how long tracks must have shared a region to be taken
	// for parts of one thing,
	oneSeconds = .5
	// and how long if more than one has been seen alone for oneAlone seconds.
	oneSecondsApart = 1
	oneAlone        = 1.2
	// oneSpeed is by how many cells a second their speeds may differ then.
	oneSpeed = 6
)

// isOne reports whether tracks that share a region are parts of one thing:
// they move together and the region's shape does not say that it is two. The
// one seen alone for longest is the first.
func (t *tracker) isOne(w *scratch, r region, known []*track) bool {
	least := oneSeconds
	if known[1].alone > oneAlone {
		least = oneSecondsApart
	}
	vx, vy := known[0].speedTogether()
	for _, k := range known {
		x, y := k.speedTogether()
		if k.metFor < least || math.Hypot(x-vx, y-vy) > oneSpeed {
			return false
		}
	}
	_, _, two := w.split(r, t.grid, t.minCells)
	return !two
}

// newcomer gives what the known tracks leave of a region to the first track
// that is not known well yet, or to a new one.
func (t *tracker) newcomer(w *scratch, owners, known []*track, rest region, pts time.Duration, dt float64) {
	for _, k := range owners {
		if slices.Contains(known, k) {
			continue
		}
		if t.counts(rest, known[0]) && k.box.gap(rest.box) <= newcomerGap {
			t.measure(w, k, rest, rest.box, pts, dt)
			t.dismiss(owners, append(known, k))
			return
		}
	}
	t.dismiss(owners, known)
	if t.counts(rest, known[0]) {
		t.start(rest, pts)
	}
}

// counts reports whether what is left of a region is a thing of its own and
// not an arm or a leg of the known one.
func (t *tracker) counts(rest region, known *track) bool {
	return float64(rest.cells) >= max(t.minCells, .2*known.box.area()) && min(rest.box.w(), rest.box.h()) >= 4
}

// dismiss drops the owners of a region that are not among those kept: pieces
// of the others.
func (t *tracker) dismiss(owners, kept []*track) {
	for _, k := range owners {
		if !slices.Contains(kept, k) {
			t.remove(k)
		}
	}
}

func (t *tracker) remove(k *track) {
	t.tracks = slices.DeleteFunc(t.tracks, func(o *track) bool { return o == k })
}

const (
	// leastFill is how much of the usual foreground there must be where a
	// track should be.
	leastFill = .6
	// mostDoubts is for how many frames there may be less.
	mostDoubts = 3
)

const (
	// seenWhole is how much of a thing must be recognised for there to be
	// nothing in front of it.
	seenWhole = .85
	// mostlyInside is the share of a box that lies in another's for it to be
	// before or behind that one.
	mostlyInside = .75
)

// hide takes tracks for hidden that should be where a larger one is seen whole:
// they are behind it, or there is no such thing any more.
func hide(known []*track) {
	for _, large := range known {
		if large.recognised < seenWhole {
			continue
		}
		for _, k := range known {
			if k != large && k.box.area() < large.box.area() && k.box.cut(large.box).area() > mostlyInside*k.box.area() {
				k.recognised = 0
			}
		}
	}
}

// doubt drops tracks that share a region and are no longer in it: the
// foreground where they should be is another's.
func (t *tracker) doubt(w *scratch, known []*track, dt float64) {
	for _, k := range known {
		if k.lost += dt; k.recognised >= leastRecognised {
			k.lost = 0
		}
		if t.inPlace(w, k) {
			k.doubts = 0
		} else {
			k.doubts++
		}
		if k.doubts > mostDoubts || k.lost > longestLost || k.strayed() {
			t.remove(k)
		}
	}
}

// inPlace reports whether there is as much foreground where a track should be
// as it has when it is alone.
func (t *tracker) inPlace(w *scratch, k *track) bool {
	visible := k.box.cut(t.picture)
	return visible.area() > 0 && w.filled(visible, t.grid) >= leastFill*k.fill
}

// filled is the share of a box that is foreground.
func (w *scratch) filled(r rect, g grid) float64 {
	n, all := 0, 0
	for y := int(r.y0); y < min(int(r.y1), g.rows); y++ {
		for x := int(r.x0); x < min(int(r.x1), g.cols); x++ {
			if all++; w.kinds[y*g.cols+x] != same {
				n++
			}
		}
	}
	return float64(n) / float64(max(all, 1))
}
