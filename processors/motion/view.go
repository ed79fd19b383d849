package motion

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// view is one feed's view between two changes of it.
type view struct {
	config        Config
	width, height int
	fullRange     bool
	epoch         uint64
	grid          grid
	thresholds    thresholds

	lesson     *lesson // while learning; else nil
	background background
	stillness  stillness
	tracker    tracker
	last       time.Duration // PTS of the newest frame looked at
}

func newView(c Config, f *frame.Frame, state frame.ViewState) *view {
	g := makeGrid(f.Width, f.Height, c.Width)
	return &view{
		config: c, width: f.Width, height: f.Height, fullRange: f.FullRange, epoch: state.Epoch,
		grid: g, thresholds: makeThresholds(c.Sensitivity),
		lesson:    newLesson(f.PTS, c.Learning),
		stillness: newStillness(g.cells()),
		tracker:   newTracker(g, f.Width, f.Height, c.MinArea),
		last:      f.PTS,
	}
}

// fits reports whether what was learned holds for a frame.
func (v *view) fits(f *frame.Frame, state frame.ViewState) bool {
	return f.Width == v.width && f.Height == v.height && f.FullRange == v.fullRange && state.Epoch == v.epoch
}

const (
	// flood is the share of foreground above which it is the scene that has
	// changed, by light that the followed gain does not explain.
	flood = .5
	// suddenLight is by how much the light may change from one frame to the
	// next: a camera's own exposure control stays below it, a lamp does not.
	suddenLight = .2
	// relearning is how long the scene is learned after that.
	relearning = 700 * time.Millisecond
	// longestStep bounds how much is learned from one frame after a pause.
	longestStep = time.Second
)

// look finds what moves in a frame.
func (v *view) look(f *frame.Frame, sh *shrinker, w *scratch) []frame.Detection {
	w.fit(v.grid)
	sh.luma(f, v.grid, w.cells)
	step := min(max(f.PTS-v.last, 0), longestStep)
	v.last = max(v.last, f.PTS)
	if v.lesson != nil {
		v.learn(f.PTS, w)
		return nil
	}
	if !v.compare(w) {
		v.relearn(f.PTS)
		return nil
	}
	v.stillness.absorb(w, v.background, v.grid, step, v.config.Absorb)
	v.background.update(w.cells, w.takenCells(v.grid), step)
	v.tracker.follow(w, f.PTS)
	return v.tracker.report(f.PTS)
}

// compare finds the regions in which w.cells differ from the empty scene; it
// is false if the light was switched or nearly everything differs.
func (v *view) compare(w *scratch) bool {
	gain := v.background.followLight(w.cells)
	differs := v.thresholds.classify(w.cells, v.background, w.kinds, w.contrast)
	if differs > flood || gain < 1-suddenLight || gain > 1+suddenLight {
		return false
	}
	despeckle(v.grid, w.kinds, w.raw)
	markShade(w.cells, v.background, v.grid, w.raw, w.kinds)
	w.findRegions(v.grid)
	return true
}

// learn takes a frame into the lesson. When that is over, its pictures are
// gone through once more, now knowing the empty scene: what moved in them is
// being followed when the first report is made.
func (v *view) learn(pts time.Duration, w *scratch) {
	if !v.lesson.add(w.cells, pts) {
		return
	}
	v.background = v.lesson.learned()
	for k := range v.lesson.pictures {
		then := v.lesson.recall(k, w.cells)
		if v.compare(w) {
			v.tracker.follow(w, then)
		}
	}
	v.lesson = nil
}

func (v *view) relearn(pts time.Duration) {
	v.lesson = newLesson(pts, min(relearning, v.config.Learning))
	v.stillness.reset()
	v.tracker = newTracker(v.grid, v.width, v.height, v.config.MinArea)
}
