package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// outbox is the way of one connection's frames into its continuation. Whoever
// makes a frame ready hands it on itself: a goroutine for that would have to be
// woken for every frame, which costs more than the push. Push does not block; if
// one freezes all the same, the others leave the outbox alone.
type outbox struct {
	feed  *Feed
	graph Graph
	done  chan struct{} // closed when nothing will be handed on any more

	// Guarded by Feed.mu.
	held     *holdQueue
	timer    *time.Timer // hands on the oldest frame when it is due
	due      bool        // something may be ready: hand it on after mu
	pushing  bool        // somebody is handing on
	wanted   bool        // some sink wanted the newest frame
	forceKey bool        // before the next push
	broken   bool        // the continuation has failed
	draining bool        // everything goes on at once, and then nothing more
	closed   bool        // nothing is handed on any more
	ended    bool        // done is closed
}

func newOutbox(f *Feed, g Graph) *outbox {
	o := &outbox{
		feed: f, graph: g, done: make(chan struct{}),
		held: newHoldQueue(f.config.MaxHeld, len(f.lanes)),
	}
	o.timer = time.AfterFunc(time.Hour, o.handOn)
	o.timer.Stop()
	return o
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
		o.due = true
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
		o.due = true
	}
	return true
}

// discard lets go of all held frames, with mu held.
func (o *outbox) discard() {
	for o.held.n > 0 {
		o.held.drop().Release()
	}
}

// drain makes everything held go on, and then nothing more, with mu held.
func (o *outbox) drain() {
	o.draining = true
	o.due = true
}

// abandon is for a Push that is stuck, with mu held: what is held is let go of,
// and nothing more is pushed when it comes back.
func (o *outbox) abandon() {
	o.closed = true
	o.feed.stats.Displaced += uint64(o.held.n)
	o.discard()
	o.due = true
}

// handOn pushes what is ready, in order. If somebody does so already, that one
// goes on until nothing is ready.
func (o *outbox) handOn() {
	mu := &o.feed.mu
	mu.Lock()
	defer mu.Unlock()
	if o.pushing {
		return
	}
	o.pushing = true
	for {
		f, findings, key := o.next(time.Now())
		if f == nil {
			break
		}
		mu.Unlock()
		if key {
			o.graph.ForceKeyframe()
		}
		err := o.graph.Push(f, findings)
		f.Release()
		mu.Lock()
		o.feed.pushed(err)
	}
	o.pushing = false
	o.checkOver()
}

// next takes the oldest frame if it is ready; else it arms the timer for it. With
// mu held.
func (o *outbox) next(now time.Time) (f *frame.Frame, findings []frame.Finding, forceKey bool) {
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

// checkOver ends the outbox when its last frame has gone on, with mu held.
func (o *outbox) checkOver() {
	if o.ended || o.pushing || !o.closed && !(o.draining && o.held.n == 0) {
		return
	}
	o.ended = true
	o.timer.Stop()
	close(o.done)
}

// unlock gives mu back, and hands on what has become ready under it.
func (f *Feed) unlock() {
	o := f.outbox()
	due := o != nil && o.due
	if due {
		o.due = false
	}
	f.mu.Unlock()
	if due {
		o.handOn()
	}
}

// pushed counts what became of a push, with mu held.
func (f *Feed) pushed(err error) {
	if err != nil {
		f.stats.Refused++
		return
	}
	f.stats.Pushed++
}
