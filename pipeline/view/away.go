package view

import "time"

// The agreements between which everything is decided. Of the pictures of real
// films, with people and hands close by, none agrees less than 0.4 with its
// reference; moved by 5 % they agree 0.15 at most, and 0.5 at least where they
// have moved to.
const (
	// recognised: the view is the reference one.
	recognised = .35
	// wellRecognised: nothing of it is in doubt.
	wellRecognised = .6
	// foundAt and better are how well a shifted view agrees, and by how much
	// better than without the shift.
	foundAt = .25
	better  = .12
	// hidden: much of the reference view is still there, behind something.
	hidden = .25
	// atRest is how well two looks at a view that does not move agree.
	atRest = .3
)

const (
	// sway is how many cells a shaking mast moves a view: up to about 2.5 % of
	// the width is the same view.
	sway = 2
	// wobble is how many cells a settled view differs from one look to the next.
	wobble = 1
	// settledLooks is how many looks in one place are a settled view.
	settledLooks = 3
	// strange is how long a view without any likeness to the reference must
	// rest to be a new one: something close by passes, and stops.
	strange = 3 * time.Second
	// restless is the same for one that does not rest.
	restless = 30 * time.Second
)

func (a agreement) found(still agreement) bool {
	return a.mean() >= foundAt && a.mean() >= still.mean()+better
}

func (d shift) small() bool { return d.within(shift{}, sway) }

func (d shift) within(o shift, n int) bool {
	return max(d.x-o.x, o.x-d.x) <= n && max(d.y-o.y, o.y-d.y) <= n
}

// away is what is known of a view other than the reference one.
type away struct {
	// moving: the camera has been seen to turn and has not settled.
	moving bool
	// looks in one place, and how long they have been going on. at is that place
	// if it is known, from.
	looks   int
	at      shift
	known   bool
	resting time.Duration
	gone    time.Duration // without any likeness
}

// shifted: the reference view is seen moved by d.
func (a *away) shifted(d shift) {
	if !a.known || !d.within(a.at, wobble) {
		*a = away{at: d, known: true}
	}
	a.looks++
	a.moving = true
	a.gone = 0
}

// lost: nothing of the reference view is seen.
func (a *away) lost(resting bool, step time.Duration) {
	if a.known || !resting {
		*a = away{moving: a.moving, gone: a.gone}
	}
	a.looks++
	a.gone += step
	if resting {
		a.resting += step
	}
}

// forGood reports whether the view has changed.
func (a *away) forGood() bool {
	turned := a.moving && a.looks >= settledLooks
	return turned || a.resting >= strange || a.gone >= restless
}
