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
// regions are the parts of the frame to process, 1 to CropConfig.Most, as one
// submission with one answer; none: the whole frame. They are not kept.
//
// Submit is called with the feed's lock held and calls nothing of the feed.
type Batcher interface {
	Submit(f *frame.Frame, v frame.ViewState, regions []frame.Box) (frame.Outcome, bool)
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
	rates       rates
	cascade

	waiting int // accepted by the coordinator, not settled
	flights flights
	slot    *frame.Frame
	slotted flight // what belongs to the slot's frame
	stopped bool

	ledger frame.Ledger
	newest newestResult
}

func newLane(p Processor) lane {
	l := lane{
		name: p.Name, batcher: p.Batcher,
		maxInFlight: max(1, p.Config.MaxInFlight),
		rates:       rates{own: newRateLimit(p.Config.FPS)},
		cascade:     cascade{crop: p.Config.Crops},
	}
	l.flights.ring = make([]flight, l.maxInFlight)
	return l
}

// decision is what a lane says of a frame that it is offered.
type decision struct {
	// waits: the outcome comes later; else it is outcome.
	waits   bool
	outcome frame.Outcome
	// evicted, if not nil, is the frame that had the slot, now superseded; its
	// reference is the caller's.
	evicted *frame.Frame
}

func (l *lane) decide(o frame.Outcome) decision {
	l.ledger[o]++
	return decision{outcome: o}
}

// offer decides about a new frame.
func (l *lane) offer(f *frame.Frame, v frame.ViewState, now time.Time, suspect bool) decision {
	switch {
	case l.stopped:
		return l.decide(frame.Stopped)
	case suspect || !l.rates.take(now):
		return l.decide(frame.Skipped)
	}
	return l.admit(f, &flight{view: v})
}

// admit submits a frame, or gives it the slot. what is exchanged for something
// else to be overwritten.
func (l *lane) admit(f *frame.Frame, what *flight) (d decision) {
	if l.waiting < l.maxInFlight {
		if d.outcome, d.waits = l.submit(f, what); !d.waits {
			return l.decide(d.outcome)
		}
		return d
	}
	if d.evicted = l.slot; d.evicted != nil {
		l.ledger[frame.Superseded]++
	}
	l.slot, d.waits = f.Retain(), true
	l.slotted, *what = *what, l.slotted
	return d
}

func (l *lane) submit(f *frame.Frame, what *flight) (o frame.Outcome, accepted bool) {
	o, accepted = l.batcher.Submit(f, what.view, what.crops.regions)
	if accepted {
		l.waiting++
		l.cropped.Submitted += uint64(len(what.crops.regions))
		l.cropped.LeftOut += uint64(what.crops.leftOut)
		l.flights.push(what)
	}
	return o, accepted
}

// next gives the slot's frame its turn after an answer. refused, if not nil, is
// that frame, decided now because the coordinator would not have it; its
// reference is the caller's.
func (l *lane) next() (refused *frame.Frame, o frame.Outcome) {
	f := l.slot
	if f == nil {
		return nil, 0
	}
	l.slot = nil
	o, accepted := l.submit(f, &l.slotted)
	if !accepted {
		l.ledger[o]++
		return f, o
	}
	f.Release()
	return nil, 0
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

// pending is the number of frames that the lane has and has not decided about.
func (l *lane) pending() int {
	if l.slot != nil {
		return l.waiting + 1
	}
	return l.waiting
}

// flight is what a lane remembers of a frame that the coordinator has.
type flight struct {
	view  frame.ViewState
	crops crops
}

// flights are those of a lane in order of submission, which is the order of the
// answers.
type flights struct {
	ring    []flight
	head, n int
}

// push exchanges what for something to be overwritten, so that memory for crops
// is made once.
func (q *flights) push(what *flight) {
	at := &q.ring[(q.head+q.n)%len(q.ring)]
	*at, *what = *what, *at
	q.n++
}

// pop is the oldest, valid until the next push.
func (q *flights) pop() *flight {
	at := &q.ring[q.head]
	q.head, q.n = (q.head+1)%len(q.ring), q.n-1
	return at
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
