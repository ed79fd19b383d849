package pipeline

import (
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Batcher is what a feed needs of a processor's coordinator. Submit never waits
// and never answers from within: the answer comes by [Feed.Settled]. True: the
// coordinator has taken its own reference and will settle the frame exactly
// once, in order of submission. False: it has not, and the outcome says why.
//
// Submit is called with the feed's lock held and calls nothing of the feed.
type Batcher interface {
	Submit(f *frame.Frame, v frame.ViewState) (frame.Outcome, bool)
}

// lane is a feed's way to one processor: the slot for the newest frame, the
// books, and the newest result. Guarded by Feed.mu.
//
// A frame offered to a lane gets exactly one outcome, now or later; slot is
// taken only while the processor has as many frames as it may.
type lane struct {
	name        string
	batcher     Batcher
	maxInFlight int
	limit       rateLimit

	waiting  int // accepted by the coordinator, not settled
	slot     *frame.Frame
	slotView frame.ViewState
	stopped  bool

	ledger frame.Ledger
	newest newestResult
}

// offer decides about a new frame. undecided: its outcome comes later.
// evicted, if not nil, is the frame that had the slot, decided now; its
// reference is the caller's.
func (l *lane) offer(f *frame.Frame, v frame.ViewState, now time.Time, suspect bool) (undecided bool, evicted *frame.Frame) {
	switch {
	case l.stopped:
		l.ledger[frame.Stopped]++
		return false, nil
	case suspect || !l.limit.take(now):
		l.ledger[frame.Skipped]++
		return false, nil
	case l.waiting < l.maxInFlight:
		return l.submit(f, v), nil
	}
	if evicted = l.slot; evicted != nil {
		l.ledger[frame.Superseded]++
	}
	l.slot, l.slotView = f.Retain(), v
	return true, evicted
}

func (l *lane) submit(f *frame.Frame, v frame.ViewState) bool {
	outcome, accepted := l.batcher.Submit(f, v)
	if !accepted {
		l.ledger[outcome]++
		return false
	}
	l.waiting++
	return true
}

// settle books an answer and gives the slot's frame its turn. refused, if not
// nil, is that frame, decided now because the coordinator would not have it;
// its reference is the caller's.
func (l *lane) settle(o frame.Outcome) (refused *frame.Frame) {
	l.waiting--
	l.ledger[o]++
	f := l.slot
	if f == nil {
		return nil
	}
	l.slot = nil
	if !l.submit(f, l.slotView) {
		return f
	}
	f.Release()
	return nil
}

// stop ends submission. stopped, if not nil, is the frame that was in the slot;
// its reference is the caller's.
func (l *lane) stop() (stopped *frame.Frame) {
	l.stopped = true
	if l.slot != nil {
		l.ledger[frame.Stopped]++
		stopped, l.slot = l.slot, nil
	}
	return stopped
}

// pending is the number of frames that have no outcome yet.
func (l *lane) pending() int {
	if l.slot != nil {
		return l.waiting + 1
	}
	return l.waiting
}

// newestResult is what frames without a result of their own go on with. It is
// kept by value, and copied for sharing only when a frame needs it: while
// nobody watches, results cost no allocation.
type newestResult struct {
	known      bool
	pts        time.Duration
	value      frame.Result
	detections []frame.Detection
	shared     *frame.Result
}

// keep copies a result whose memory is the coordinator's.
func (n *newestResult) keep(pts time.Duration, r *frame.Result) {
	n.detections = append(n.detections[:0], r.Output.Detections...)
	n.value = *r
	n.value.Output.Detections = n.detections
	n.known, n.pts, n.shared = true, pts, nil
}

// adopt takes a result that nobody changes any more.
func (n *newestResult) adopt(pts time.Duration, r *frame.Result) {
	n.known, n.pts, n.shared = true, pts, r
}

// share is the newest result as something that never changes.
func (n *newestResult) share() *frame.Result {
	if n.shared == nil {
		n.shared = cloneResult(&n.value)
	}
	return n.shared
}

func cloneResult(r *frame.Result) *frame.Result {
	c := *r
	c.Output.Detections = slices.Clone(r.Output.Detections)
	return &c
}
