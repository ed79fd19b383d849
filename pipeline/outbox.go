package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// outbox is the way of one connection's frames into its continuation. Frames
// are handed to the graph by the outbox's own goroutine: a graph that freezes
// in Push holds back neither the camera's streaming thread nor a coordinator,
// which other cameras share.
type outbox struct {
	feed  *Feed
	graph Graph
	wake  chan struct{} // capacity 1: something may be ready
	done  chan struct{} // closed when the goroutine has ended

	// Guarded by Feed.mu.
	held     *holdQueue
	timer    *time.Timer // wakes for the oldest frame's due time
	wanted   bool        // some sink wanted the newest frame
	forceKey bool        // before the next push
	broken   bool        // the continuation has failed
	draining bool        // everything goes on at once, then the goroutine ends
	closed   bool        // nothing is handed on any more
}

func newOutbox(f *Feed, g Graph) *outbox {
	o := &outbox{
		feed: f, graph: g,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		held: newHoldQueue(f.config.MaxHeld, len(f.lanes)),
	}
	o.timer = time.AfterFunc(time.Hour, o.signal)
	o.timer.Stop()
	go o.run()
	return o
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// accept takes a new frame, with mu held, if somebody wants it.
func (o *outbox) accept(f *frame.Frame, awaits int, wanted bool, now time.Time) {
	wanted = wanted && !o.broken && !o.draining && !o.closed
	if !wanted {
		if o.wanted {
			o.discard()
		}
		o.wanted = false
		return
	}
	if !o.wanted {
		o.wanted, o.forceKey = true, true
	}
	if displaced := o.held.add(f, now.Add(o.feed.config.Hold), awaits); displaced != nil {
		o.feed.stats.Displaced++
		displaced.Release()
	}
	switch {
	case o.held.ready(now):
		o.signal()
	case o.held.n == 1:
		o.timer.Reset(o.held.peek().due.Sub(now))
	}
}

// decided books a lane's decision about a frame, with mu held. It reports
// whether the frame is held here.
func (o *outbox) decided(lane int, f *frame.Frame, r *frame.Result) bool {
	if !o.held.decided(lane, f, r) {
		return false
	}
	if o.held.peek().awaits <= 0 {
		o.signal()
	}
	return true
}

// discard lets go of all held frames, with mu held.
func (o *outbox) discard() {
	for o.held.n > 0 {
		o.held.drop().Release()
	}
}

// drain makes everything held go on and the goroutine end, with mu held.
func (o *outbox) drain() {
	o.draining = true
	o.signal()
}

// abandon is for a goroutine that is stuck in Push, with mu held: what is held
// is let go of, and nothing more is pushed when it comes back.
func (o *outbox) abandon() {
	o.closed = true
	o.feed.stats.Displaced += uint64(o.held.n)
	o.discard()
	o.signal()
}

// run hands frames on, in order, until drained.
func (o *outbox) run() {
	defer close(o.done)
	defer o.timer.Stop()
	for range o.wake {
		for o.handOn() {
		}
		if o.over() {
			return
		}
	}
}

func (o *outbox) over() bool {
	o.feed.mu.Lock()
	defer o.feed.mu.Unlock()
	return o.closed || o.draining && o.held.n == 0
}

// handOn pushes the oldest frame if it is ready, and reports whether it was.
func (o *outbox) handOn() bool {
	f, findings, key := o.next()
	if f == nil {
		return false
	}
	if key {
		o.graph.ForceKeyframe()
	}
	err := o.graph.Push(f, findings)
	f.Release()
	o.feed.pushed(err)
	return true
}

// next takes the oldest frame if it is ready; else it arms the timer for it.
func (o *outbox) next() (f *frame.Frame, findings []frame.Finding, forceKey bool) {
	o.feed.mu.Lock()
	defer o.feed.mu.Unlock()
	now := time.Now()
	if o.held.n == 0 {
		return nil, nil, false
	}
	if !o.draining && !o.held.ready(now) {
		o.timer.Reset(o.held.peek().due.Sub(now))
		return nil, nil, false
	}
	findings = o.feed.findings(o.held.peek())
	forceKey, o.forceKey = o.forceKey, false
	return o.held.drop(), findings, forceKey
}

// pushed counts what became of a push.
func (f *Feed) pushed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.stats.Refused++
		return
	}
	f.stats.Pushed++
}
