package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// heldFrame is a frame of the annotated stream on its way to the continuation.
type heldFrame struct {
	frame *frame.Frame
	due   time.Time // when it goes on without its results
	// awaits is how many processors have not decided about it yet.
	awaits int
	// own has its own result of each lane, where there is one.
	own []*frame.Result
}

// holdQueue keeps frames in order of presentation until their results are
// there, or their time is up. It holds the references. It is passive; its
// owner brings lock and time.
type holdQueue struct {
	ring    []heldFrame
	head, n int
	most    int // frames that may wait; one more is ready to go
}

func newHoldQueue(most, lanes int) *holdQueue {
	q := &holdQueue{ring: make([]heldFrame, most+1), most: most}
	for i := range q.ring {
		q.ring[i].own = make([]*frame.Result, lanes)
	}
	return q
}

func (q *holdQueue) at(i int) *heldFrame { return &q.ring[(q.head+i)%len(q.ring)] }

// add takes a reference of its own. displaced, if not nil, is the oldest frame,
// which had to make room because nobody took it in time; its reference is the
// caller's.
func (q *holdQueue) add(f *frame.Frame, due time.Time, awaits int) (displaced *frame.Frame) {
	if q.n == len(q.ring) {
		displaced = q.drop()
	}
	h := q.at(q.n)
	h.frame, h.due, h.awaits = f.Retain(), due, awaits
	clear(h.own)
	q.n++
	return displaced
}

// decided books that one lane has decided about a frame; r is its own result or nil.
// It reports whether the frame is held.
func (q *holdQueue) decided(lane int, f *frame.Frame, r *frame.Result) bool {
	h := q.find(f)
	if h == nil {
		return false
	}
	h.awaits--
	h.own[lane] = r
	return true
}

func (q *holdQueue) find(f *frame.Frame) *heldFrame {
	for i := range q.n {
		if h := q.at(i); h.frame == f {
			return h
		}
	}
	return nil
}

// ready reports whether the oldest frame is to go on now.
func (q *holdQueue) ready(now time.Time) bool {
	if q.n == 0 {
		return false
	}
	h := q.at(0)
	return h.awaits <= 0 || q.n > q.most || !now.Before(h.due)
}

// peek is the oldest frame; only while n > 0.
func (q *holdQueue) peek() *heldFrame { return q.at(0) }

// drop removes the oldest frame; its reference is the caller's.
func (q *holdQueue) drop() *frame.Frame {
	h := q.at(0)
	f := h.frame
	h.frame = nil
	clear(h.own)
	q.head, q.n = (q.head+1)%len(q.ring), q.n-1
	return f
}
