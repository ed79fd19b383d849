package batchsink

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// feed is one camera as the coordinator knows it. It stays after Detach, so
// that its figures survive and entries still in a batch count under its cap.
type feed struct {
	id      frame.FeedID
	line    line
	lane    *lane
	port    *Port // nil while detached
	settled func(*Ticket)

	order  ticketQueue // accepted, not yet handed over, in order of submission
	outbox ticketQueue // settled and next in order, for whoever delivers
	// claimed: a goroutine is delivering this feed's answers, and takes what
	// comes into outbox meanwhile. There is never a second, which keeps order.
	claimed bool
	// idle is closed when that goroutine is through, if Detach waits for it.
	idle chan struct{}

	counts  Counts
	answer  histogram
	reports [numFeedKinds]report
	// lossReported: told that the coordinator is lost, and no result since.
	lossReported bool
}

// settle gives a ticket its outcome, once; later ones are ignored. What is next
// in its feed's order goes to a for delivery. mu is held.
func (h *Handle) settle(t *Ticket, o frame.Outcome, err error, now time.Duration, a *answers) {
	if t.settled {
		return
	}
	f := t.feed
	t.settled = true
	t.result.Outcome, t.result.Err = o, err
	h.unsettled.remove(t)
	f.counts.Outcomes[o] += booked()
	if o == frame.Delivered {
		h.recovered(f, now)
	}
	for i := range t.entries {
		e := &t.entries[i]
		if e.queued {
			f.lane.former.giveUp(e)
		}
		if len(t.parts) > 0 && !e.answered {
			t.parts[i] = frame.Result{Outcome: o, Err: err, Timings: frame.Timings{Total: now - t.submitted}}
		}
	}
	h.handOver(f, now, a)
}

// handOver moves the answers whose turn it is to the feed's outbox.
func (h *Handle) handOver(f *feed, now time.Duration, a *answers) {
	for t := f.order.first; t != nil && t.settled; t = f.order.first {
		f.order.pop()
		t.handed = true
		t.result.Timings.Total = now - t.submitted
		if t.result.Outcome == frame.Delivered {
			f.answer.observe(t.result.Timings.Total.Seconds())
			h.answer.observe(t.result.Timings.Total.Seconds())
		}
		f.lane.former.answered(&f.line, t.result.Outcome, t.result.Timings.Total, now)
		f.outbox.push(t)
	}
	if f.outbox.first != nil && !f.claimed {
		f.claimed = true
		a.feeds = append(a.feeds, f)
	}
}

// answers is what one goroutine has to deliver: the feeds it has claimed, and,
// before their answers, what a batch that is done held.
type answers struct {
	feeds   []*feed
	tickets []*Ticket
	loose   []releaser
}

// deliver calls back for all that is settled in the claimed feeds, including
// what other goroutines settle meanwhile, and gives the claims up. mu is held
// on entry and return, not during the calls.
func (h *Handle) deliver(a *answers) {
	for h.collect(a) {
		h.mu.Unlock()
		for i, r := range a.loose {
			r.Release()
			a.loose[i] = nil
		}
		for _, t := range a.tickets {
			t.send()
		}
		h.mu.Lock()
		h.delivered(a)
	}
}

// collect takes the claimed feeds' outboxes and gives up the claims on those
// that have none. mu is held.
func (h *Handle) collect(a *answers) bool {
	kept := a.feeds[:0]
	for _, f := range a.feeds {
		if f.outbox.first == nil {
			f.claimed = false
			if f.idle != nil {
				close(f.idle)
				f.idle = nil
			}
			continue
		}
		for f.outbox.first != nil {
			a.tickets = append(a.tickets, f.outbox.pop())
		}
		kept = append(kept, f)
	}
	a.feeds = kept
	return len(kept) > 0 || len(a.loose) > 0
}

// send gives the answer to whoever waits for it. mu is not held.
func (t *Ticket) send() {
	switch {
	case t.unwanted:
		t.frame.Release()
	case t.waits:
		t.done <- struct{}{} // its one place is free: one value per use
	default:
		t.feed.settled(t)
		t.frame.Release()
	}
}

// delivered notes that the answers collected have been sent. mu is held.
func (h *Handle) delivered(a *answers) {
	for i, t := range a.tickets {
		t.sent = true
		t.released = t.released || t.unwanted || !t.waits
		h.recycle(t)
		a.tickets[i] = nil
	}
	h.unsent -= len(a.tickets)
	a.tickets, a.loose = a.tickets[:0], a.loose[:0]
	h.checkQuiet()
}

// left: an entry is neither queued nor in a batch any more. Its ticket leaves
// the cap with its last entry. mu is held.
func (h *Handle) left(e *entry) {
	t := e.ticket
	h.forsake(e)
	if t.inside--; t.inside == 0 {
		t.feed.lane.former.left(&t.feed.line)
		h.recycle(t)
	}
}

// recycle keeps a ticket that nobody can touch any more for the next
// submission. mu is held.
func (h *Handle) recycle(t *Ticket) {
	if t.inside > 0 || t.busy > 0 || !t.sent || !t.released {
		return
	}
	select {
	case <-t.done: // sent, but released without looking
	default:
	}
	*t = Ticket{h: t.h, done: t.done, many: t.many, parts: t.parts[:0], behind: h.free}
	h.free = t
}

// ticket is a new or reused one. mu is held.
func (h *Handle) ticket() *Ticket {
	t := h.free
	if t == nil {
		return &Ticket{h: h, done: make(chan struct{}, 1)}
	}
	h.free, t.behind = t.behind, nil
	return t
}
