package view

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// change is a new epoch or another state of the lens.
type change struct {
	at    time.Duration
	state frame.ViewState
}

func (c change) String() string {
	return fmt.Sprintf("%v: epoch %d, lens %v", c.at, c.state.Epoch, c.state.Lens)
}

// observer notes what an estimator says.
type observer struct {
	*Estimator
	was     frame.ViewState
	changes []change
	// moving is for how long the camera was said to move.
	moving, before time.Duration
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (o *observer) see(at time.Duration, luma frame.Plane, width, height int) frame.ViewState {
	f := frame.Frame{Width: width, Height: height, Arrived: epoch.Add(at)}
	f.Planes[0] = luma
	v := o.View(&f)
	if v.Epoch != o.was.Epoch || v.Lens != o.was.Lens {
		o.changes = append(o.changes, change{at, v})
	}
	if v.Moving {
		o.moving += at - o.before
	}
	o.was, o.before = v, at
	return v
}
