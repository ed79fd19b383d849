package view

import (
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

const (
	// interval is the time between two looks, a little below a fifth of a second
	// so that cameras of 5, 10, 15, 25 and 30 frames a second are looked at five
	// times a second.
	interval = 180 * time.Millisecond
	// longestStep bounds how much time counts as seen between two looks.
	longestStep = time.Second
	// referenceTime is the time constant in which the reference follows the view.
	referenceTime = 30 * time.Second
	// quickLooks are how many looks a shifted reference is worth: it is only
	// known to a cell.
	quickLooks = 10
)

// Estimator finds out by the pictures of one camera where it looks. It is the
// feed's, through all its connections. The zero value is ready to use.
type Estimator struct {
	mu    sync.Mutex
	state frame.ViewState
	seen  time.Time // of the last look
	grid  *grid
	lens  lens
	away  away

	// reference is the view of the current epoch, averaged over learned looks;
	// last is the look before.
	learned   int
	reference edges
	now, last edges
	small     sample
	work      work
	search    searcher
}

// New makes an estimator that has seen nothing: its first picture becomes the
// view of epoch 0.
func New() *Estimator { return &Estimator{} }

// View says where the camera looks in f, which it only reads; f.Arrived must
// be set. Most frames cost nothing: about five a second are looked at. A frame
// without a readable picture, or a suspect one, has the view of the one before.
// Any goroutine may call it.
func (e *Estimator) View(f *frame.Frame) frame.ViewState {
	e.mu.Lock()
	defer e.mu.Unlock()
	step := f.Arrived.Sub(e.seen)
	if step >= 0 && step < interval || f.Suspect || !readable(f) {
		return e.state
	}
	e.seen = f.Arrived
	e.look(f, min(max(step, 0), longestStep))
	return e.state
}

func (e *Estimator) look(f *frame.Frame, step time.Duration) {
	if e.grid == nil || e.grid.width != f.Width || e.grid.height != f.Height {
		e.grid = makeGrid(f.Width, f.Height)
	}
	e.grid.take(f.Planes[0], &e.small)
	p := look{structure: e.now.find(&e.small, &e.work), bright: e.small.bright(f.FullRange)}
	if e.learned == 0 {
		e.settle(&p)
		e.last = e.now
	}
	e.judge(&p, step)
	e.last = e.now
}

// judge brings the state up to date with what is seen now.
func (e *Estimator) judge(p *look, step time.Duration) {
	still := agree(&e.reference, &e.now, shift{})
	p.view, p.rest, p.turning = still.worse(), 1, e.away.moving
	var d shift
	if p.view < recognised {
		p.rest = agree(&e.last, &e.now, shift{}).worse()
		var there agreement
		d, there = e.search.find(&e.reference, &e.now)
		p.found = there.found(still)
	}
	switch {
	case e.lens.judge(p, step):
		e.lensChanged(p)
	case e.lens.suspicious():
		e.away = away{}
	case p.view >= recognised, p.found && d.small(), !p.found && still.mean() >= hidden:
		e.stay(p, step)
	default:
		e.leave(p, d, step)
	}
	e.state.Moving = e.away.moving
}

// lensChanged: what was learned of the scene before does not hold for what is
// seen now, whatever that is.
func (e *Estimator) lensChanged(p *look) {
	e.state.Lens = e.lens.state
	if e.lens.state == frame.LensClear && p.view < recognised {
		e.settle(p)
	}
	e.away = away{}
	e.state.Epoch++
}

// stay takes a look at the reference view.
func (e *Estimator) stay(p *look, step time.Duration) {
	e.away = away{}
	e.learned++
	first := 1 / float32(e.learned)
	e.reference.learn(&e.now, max(share(step, referenceTime), first))
	e.lens.learn(p, step, first)
}

func share(step, constant time.Duration) float32 { return float32(step) / float32(constant) }

// leave follows a view that is not the reference one, until it is clear that
// it is for good.
func (e *Estimator) leave(p *look, d shift, step time.Duration) {
	if p.found {
		e.away.shifted(d)
	} else {
		e.away.lost(p.rest >= atRest, step)
	}
	if e.away.forGood() {
		e.turned(p)
		e.state.Epoch++
	}
}

// turned makes another view the reference. Of one that has only been shifted
// most is known; what may stand in front of it now does not matter then.
func (e *Estimator) turned(p *look) {
	if !e.away.known {
		e.settle(p)
		return
	}
	e.reference.shift(e.away.at, &e.now)
	e.learned = min(e.learned, quickLooks)
	e.away = away{}
}

// settle makes what is seen now the reference.
func (e *Estimator) settle(p *look) {
	e.reference, e.learned = e.now, 1
	e.lens.usual = *p
	e.away = away{}
}
