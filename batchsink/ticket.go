package batchsink

import (
	"context"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Ticket is the claim to one answer, given for each accepted submission.
//
// Tickets are reused. On a port with a Settled callback a ticket may be touched
// until Settled has returned for it, and needs no Release. Otherwise, and until
// then, it is its submitter's: to be waited for with Wait, which also releases
// it, or watched through Done and given back with Release. After that it may
// be somebody else's and must not be touched.
type Ticket struct {
	h     *Handle
	feed  *feed
	frame *frame.Frame
	view  frame.ViewState
	// waits: it is answered through done instead of the feed's callback.
	waits bool
	done  chan struct{} // one place; made on first use, then kept

	submitted time.Duration
	result    frame.Result
	one       [1]entry
	many      []entry // room for parts, kept
	entries   []entry // one[:] or many
	parts     []frame.Result
	missing   int // entries without an answer
	bad       int // entries that failed

	// Guarded by Handle.mu. It is reused when it has left the cap, its answer
	// was sent, and nobody holds it.
	inside   int  // entries queued or in a batch; at 0 it has left the cap
	busy     int  // entries that a helper has
	settled  bool // its outcome is known
	handed   bool // its answer is on its way, in the order of its feed
	sent     bool
	unwanted bool // its submitter released it before its answer
	released bool // nobody holds it

	prev, next *Ticket // unsettled tickets of all feeds, in order of submission
	behind     *Ticket // next of the same feed, not yet handed over; or next free
}

// Frame is the frame submitted, readable as long as the ticket may be touched.
// It is the ticket's own reference: who keeps the frame longer retains it.
func (t *Ticket) Frame() *frame.Frame { return t.frame }

// View is the view submitted with the frame.
func (t *Ticket) View() frame.ViewState { return t.view }

// Result is the answer, valid once Settled is called for the ticket or Done has
// delivered.
func (t *Ticket) Result() frame.Result { return t.result }

// Parts are the answers of the regions given to SubmitParts, in their order;
// empty for a whole frame. The slice is valid as long as the ticket.
func (t *Ticket) Parts() []frame.Result { return t.parts }

// Done delivers exactly one value when the ticket is answered; not for tickets
// of a port with a Settled callback.
func (t *Ticket) Done() <-chan struct{} { return t.done }

// Wait returns the answer and releases the ticket. If ctx ends first the entry
// is given up, is settled stopped, and the ticket is released too.
func (t *Ticket) Wait(ctx context.Context) (frame.Result, error) {
	select {
	case <-t.done:
		return t.collect(), nil
	case <-ctx.Done():
		if r, answered := t.giveUp(); answered {
			return r, nil
		}
		return frame.Result{Outcome: frame.Stopped}, ctx.Err()
	}
}

// Release gives the ticket back; before its answer, it gives the entry up: it
// is settled stopped, and skipped when it comes up.
func (t *Ticket) Release() { t.giveUp() }

// collect takes the answer that done has announced, and releases.
func (t *Ticket) collect() frame.Result {
	r := t.result
	t.frame.Release()
	t.h.mu.Lock()
	t.released = true
	t.h.recycle(t)
	t.h.mu.Unlock()
	return r
}

// giveUp releases the ticket, and settles it unless it is answered already.
func (t *Ticket) giveUp() (r frame.Result, answered bool) {
	h := t.h
	h.mu.Lock()
	if t.handed {
		h.mu.Unlock()
		return t.collect(), true
	}
	if answered = t.settled; answered {
		r = t.result // and waits for its turn, which nobody needs to see
	}
	t.unwanted = true
	var a answers
	now := h.now()
	h.settle(t, frame.Stopped, nil, now, &a)
	wake := t.feed.lane.poke(now)
	h.deliver(&a)
	h.mu.Unlock()
	wake.signal()
	return r, answered
}

// ticketList is a list of tickets in order, removable anywhere.
type ticketList struct{ first, last *Ticket }

func (l *ticketList) push(t *Ticket) {
	t.prev, t.next = l.last, nil
	if l.last == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
}

func (l *ticketList) remove(t *Ticket) {
	if t.prev == nil {
		l.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
}

// ticketQueue is first in, first out.
type ticketQueue struct{ first, last *Ticket }

func (q *ticketQueue) push(t *Ticket) {
	t.behind = nil
	if q.first == nil {
		q.first = t
	} else {
		q.last.behind = t
	}
	q.last = t
}

func (q *ticketQueue) pop() *Ticket {
	t := q.first
	q.first, t.behind = t.behind, nil
	return t
}
