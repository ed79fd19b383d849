package motion

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// tracker turns regions into things: it knows from the frames before how large
// they are and where they should be by now.
type tracker struct {
	grid     grid
	picture  rect
	minCells float64 // area in cells below which a thing is not reported
	last     time.Duration
	tracks   []*track // older ones first

	// Working memory of one frame.
	owners  [][]*track // by region: who claims it
	pieces  []rect     // by region: its box, with fragments joined to it
	claimed []bool     // by region
}

const (
	// maxTracks bounds what a flickering picture can cost.
	maxTracks = 64
	// sureSightings is how often a thing must have been seen to be reported.
	sureSightings = 2
	// bridge is for how long a thing that is not seen any more is reported
	// where it should be: a dropout of a few frames.
	bridge = 200 * time.Millisecond
	// patience is for how long it is expected to be seen again.
	patience = 600 * time.Millisecond
	// youth is how many seconds of its own a track needs to be believed when
	// it shares a region.
	youth = .35
)

func newTracker(g grid, minArea float64) tracker {
	return tracker{
		grid: g, picture: rect{0, 0, float64(g.cols), float64(g.rows)},
		minCells: minArea * float64(g.cells()),
	}
}

// follow takes a frame's regions and moves the tracks.
func (t *tracker) follow(w *scratch, pts time.Duration) {
	dt := max((pts - t.last).Seconds(), 0)
	t.last = max(t.last, pts)
	for _, k := range t.tracks {
		k.predict(min(dt, patience.Seconds()), t.picture)
	}
	t.splitUnknown(w)
	t.claim(w.regions)
	t.joinFragments(w.regions)
	for i := range w.regions {
		t.settle(w, i, pts, dt)
	}
	t.drop(pts)
	for i, r := range w.regions {
		if !t.claimed[i] {
			t.start(r, pts)
		}
	}
}

func (t *tracker) start(r region, pts time.Duration) {
	if len(t.tracks) < maxTracks && r.box.area() >= t.minCells/4 {
		t.tracks = append(t.tracks, startTrack(r, pts))
	}
}

// claim gives each track the region that is most like it, and a region that
// nobody has got to one of those that share another.
func (t *tracker) claim(regions []region) {
	t.owners = resized(t.owners, len(regions))
	t.pieces, t.claimed = resized(t.pieces, len(regions)), resized(t.claimed, len(regions))
	for i, r := range regions {
		t.owners[i], t.pieces[i], t.claimed[i] = t.owners[i][:0], r.box, false
	}
	for _, k := range t.tracks {
		k.claimed = bestRegion(k.box.cut(t.picture), regions)
		if k.claimed >= 0 {
			t.owners[k.claimed] = append(t.owners[k.claimed], k)
			t.claimed[k.claimed] = true
		}
	}
	for i, r := range regions {
		if k := t.spare(r.box); !t.claimed[i] && k != nil {
			from := t.owners[k.claimed]
			t.owners[k.claimed] = slices.DeleteFunc(from, func(o *track) bool { return o == k })
			t.owners[i], t.claimed[i], k.claimed = append(t.owners[i], k), true, i
		}
	}
}

// spare is the track most like a box among those that share a region.
func (t *tracker) spare(box rect) (best *track) {
	most := leastAlike
	for _, k := range t.tracks {
		if k.claimed < 0 || len(t.owners[k.claimed]) < 2 {
			continue
		}
		if alike := k.box.cut(t.picture).iou(box); alike > most {
			best, most = k, alike
		}
	}
	return best
}

const (
	// leastShared is the share of the smaller of two boxes that must lie in
	// the other for them to be of one thing.
	leastShared = .2
	// leastAlike is the IoU that a track must have with a region that another
	// one has not got.
	leastAlike = .1
)

func bestRegion(box rect, regions []region) int {
	best, most := -1, 0.
	for i, r := range regions {
		alike := box.iou(r.box)
		if box.cut(r.box).area() > leastShared*min(box.area(), r.box.area()) && alike > most {
			best, most = i, alike
		}
	}
	return best
}

// fragmentGap is how many cells may be between the pieces of one thing.
const fragmentGap = 3

// splitUnknown cuts regions of which no two known tracks tell what is in them
// by their shape.
func (t *tracker) splitUnknown(w *scratch) {
	for i := 0; i < len(w.regions) && len(w.regions) < maxTracks; i++ {
		r := w.regions[i]
		known := 0
		for _, k := range t.tracks {
			if k.mature() && r.box.cut(k.box).area() > .5*k.box.cut(t.picture).area() {
				known++
			}
		}
		if known > 1 {
			continue
		}
		if a, b, ok := w.split(r, t.grid, t.minCells); ok {
			w.regions[i] = a
			w.regions = append(w.regions, b)
		}
	}
}

// joinFragments gives regions that nobody claims to the track of which they
// are a piece: close to its own region, and within where it should be.
func (t *tracker) joinFragments(regions []region) {
	for i, r := range regions {
		if t.claimed[i] || r.cut {
			continue
		}
		for _, k := range t.tracks {
			if k.claimed < 0 || k.claimed == i {
				continue
			}
			home := t.pieces[k.claimed]
			room := k.box.grown(1.5)
			if home.gap(r.box) <= fragmentGap && room.cut(r.box).area() >= .8*r.box.area() {
				t.pieces[k.claimed], t.claimed[i] = home.joined(r.box), true
				break
			}
		}
	}
}

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
	t.doubt(w, known)
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
	oneSecondsApart = 2
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
		if k.together < least || math.Hypot(x-vx, y-vy) > oneSpeed {
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

// leftover is the part of a region outside of where its known tracks should
// be, without the few cells that stick out of them elsewhere.
func (w *scratch) leftover(r region, known []*track, g grid) region {
	from := len(w.members)
	for _, m := range r.members {
		x, y := int(m)%g.cols, int(m)/g.cols
		if r.shadow && w.kinds[m] == shade || slices.ContainsFunc(known, func(k *track) bool { return k.box.grown(1.5).has(x, y) }) {
			continue
		}
		w.members = append(w.members, m)
	}
	members := w.members[from:len(w.members):len(w.members)]
	if len(members) == 0 {
		return region{}
	}
	return region{box: w.bulk(members, g), cells: len(members), contrast: r.contrast, shadow: r.shadow, members: members}
}

// thinLine is the share of the fullest line of cells below which the lines at
// the ends are no part of the bulk.
const thinLine = .25

// bulk is the box of cells without thin ends.
func (w *scratch) bulk(members []int32, g grid) rect {
	w.perColumn, w.perRow = resized(w.perColumn, g.cols), resized(w.perRow, g.rows)
	clear(w.perColumn)
	clear(w.perRow)
	for _, m := range members {
		w.perColumn[int(m)%g.cols]++
		w.perRow[int(m)/g.cols]++
	}
	x0, x1 := thick(w.perColumn)
	y0, y1 := thick(w.perRow)
	return rect{float64(x0), float64(y0), float64(x1), float64(y1)}
}

// thick is from where to where lines are not thin.
func thick(lines []int) (from, to int) {
	least := thinLine * float64(slices.Max(lines))
	for from = 0; float64(lines[from]) < least; from++ {
	}
	for to = len(lines); float64(lines[to-1]) < least; to-- {
	}
	return from, to
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

// doubt drops tracks that share a region and are no longer in it: the
// foreground where they should be is another's.
func (t *tracker) doubt(w *scratch, known []*track) {
	for _, k := range known {
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

// drop forgets tracks that have not been seen for long or have left.
func (t *tracker) drop(pts time.Duration) {
	t.tracks = slices.DeleteFunc(t.tracks, func(k *track) bool {
		if k.claimed >= 0 {
			return false
		}
		k.justMissed = true
		inside := k.box.cut(t.picture).area()
		return pts-k.seen > patience || inside < .25*k.box.area() || k.sightings < sureSightings
	})
}

// report lists the tracks that are sure and large enough.
func (t *tracker) report(pts time.Duration, width, height int) []frame.Detection {
	var found []frame.Detection
	for _, k := range t.tracks {
		visible := k.box.cut(t.picture)
		if k.sightings < sureSightings || visible.area() < t.minCells || k.recognised < leastRecognised || k.justMissed && !t.bridged(k, pts) {
			continue
		}
		found = append(found, frame.Detection{
			Class: -1, Label: "motion",
			Confidence: float32(1 - math.Exp(-k.contrast/4)),
			Box:        t.normalised(visible, width, height),
		})
	}
	return found
}

// bridged reports whether a track without a region is still to be reported.
func (t *tracker) bridged(k *track, pts time.Duration) bool {
	return k.mature() && pts-k.seen <= bridge && k.box.cut(t.picture) == k.box
}

// normalised turns cells into shares of the picture, whose last cells may be
// cut off.
func (t *tracker) normalised(r rect, width, height int) frame.Box {
	fx, fy := float64(t.grid.factor)/float64(width), float64(t.grid.factor)/float64(height)
	return frame.Box{
		XMin: float32(r.x0 * fx), YMin: float32(r.y0 * fy),
		XMax: float32(min(r.x1*fx, 1)), YMax: float32(min(r.y1*fy, 1)),
	}
}
