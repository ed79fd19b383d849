package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"
)

// DefaultRamp is how many cameras are connected at once.
const DefaultRamp = 8

// rampHold is how long an attempt may keep its turn. One that takes longer
// waits for the network, which is no work: cameras that are off must not keep
// those that are there waiting.
const rampHold = 2 * time.Second

// Ramp lets few of many feeds connect at once: a hundred decoders that start
// together, or a whole site that is back, would cost the cameras that run their
// frames. A turn ends with the first frame, with the attempt, or after 2 s.
// Feeds whose last connection was well go before those that have failed again
// and again; else the one that has waited longest goes first.
//
// Its methods may be called from any goroutine.
type Ramp struct {
	turns int

	mu   sync.Mutex
	free int
	// waiting, by whether they have failed repeatedly; each channel is closed
	// when its turn has come.
	waiting [2][]chan struct{}
}

// NewRamp is a ramp of n turns, 1 or more.
func NewRamp(n int) *Ramp { return &Ramp{turns: n, free: n} }

// Waiting is how many feeds wait for their turn.
func (r *Ramp) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting[0]) + len(r.waiting[1])
}

// Connecting is how many turns are taken.
func (r *Ramp) Connecting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turns - r.free
}

// take waits for a turn, which over gives back; only its first call counts. It
// reports false if ctx ends before. again: the feed has failed repeatedly.
// queued is called if it has to wait.
func (r *Ramp) take(ctx context.Context, again bool, queued func()) (over func(), ok bool) {
	mine := r.enter(again)
	if mine != nil {
		queued()
		select {
		case <-mine:
		case <-ctx.Done():
			r.leave(mine)
			return nil, false
		}
	}
	end := sync.OnceFunc(r.next)
	timer := time.AfterFunc(rampHold, end)
	return func() { timer.Stop(); end() }, true
}

// enter takes a turn if one is free; else the caller's is when the channel is closed.
func (r *Ramp) enter(again bool) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.free > 0 {
		r.free--
		return nil
	}
	mine := make(chan struct{})
	line := &r.waiting[0]
	if again {
		line = &r.waiting[1]
	}
	*line = append(*line, mine)
	return mine
}

// next hands a turn on.
func (r *Ramp) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.waiting {
		if line := r.waiting[i]; len(line) > 0 {
			close(line[0])
			r.waiting[i] = slices.Delete(line, 0, 1)
			return
		}
	}
	r.free++
}

// leave gives up waiting, or the turn that has just come.
func (r *Ramp) leave(mine chan struct{}) {
	r.mu.Lock()
	for i, line := range r.waiting {
		if at := slices.Index(line, mine); at >= 0 {
			r.waiting[i] = slices.Delete(line, at, at+1)
			r.mu.Unlock()
			return
		}
	}
	r.mu.Unlock()
	r.next()
}
