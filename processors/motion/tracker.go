package motion

import (
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

// newTracker is for pictures of width×height pixels, whose last cells may be
// cut off: the picture ends within them.
func newTracker(g grid, width, height int, minArea float64) tracker {
	picture := rect{x1: float64(width) / float64(g.factor), y1: float64(height) / float64(g.factor)}
	return tracker{grid: g, picture: picture, minCells: minArea * picture.area()}
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
func (t *tracker) report(pts time.Duration) []frame.Detection {
	var found []frame.Detection
	for _, k := range t.tracks {
		visible := k.box.cut(t.picture)
		if k.sightings < sureSightings || visible.area() < t.minCells || k.recognised < leastRecognised || k.justMissed && !t.bridged(k, pts) {
			continue
		}
		found = append(found, frame.Detection{
			Class: -1, Label: "motion",
			Confidence: float32(1 - math.Exp(-k.contrast/4)),
			Box:        t.normalised(visible),
		})
	}
	return found
}

// bridged reports whether a track without a region is still to be reported.
func (t *tracker) bridged(k *track, pts time.Duration) bool {
	return k.mature() && pts-k.seen <= bridge && k.box.cut(t.picture) == k.box
}

// normalised turns cells into shares of the picture.
func (t *tracker) normalised(r rect) frame.Box {
	return frame.Box{
		XMin: float32(r.x0 / t.picture.x1), YMin: float32(r.y0 / t.picture.y1),
		XMax: float32(r.x1 / t.picture.x1), YMax: float32(r.y1 / t.picture.y1),
	}
}
