package batchsink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Port is one feed's way in and out of a coordinator. Its methods may be called
// from any goroutine.
type Port struct {
	h     *Handle
	f     *feed
	parts int // the most of one frame
	waits bool
}

// Attach lets a feed submit. A feed that was here before gets its figures, and
// the places under the cap that it still holds, back; one that is still here is
// refused.
func (h *Handle) Attach(id frame.FeedID, o FeedOptions) (*Port, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("feed %s: %w", id, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[id]
	switch {
	case h.stopping:
		return nil, ErrUnavailable
	case f == nil:
		f = h.newFeed(id)
	case f.port != nil || f.claimed:
		return nil, fmt.Errorf("feed %s is attached to %s already", id, h.id)
	}
	f.settled, f.line.live = o.Settled, true
	f.line.cap = orElse(o.MaxInFlight, h.cfg.MaxInFlightPerFeed)
	parts := orElse(o.MaxParts, 1)
	f.line.depth = f.line.cap * parts
	f.line.weight = orElse(o.Weight, 1)
	f.line.rhythm.nominal = o.Interval
	f.lane = h.emptiestLane()
	f.lane.former.attach(&f.line, h.now())
	h.countDepths()
	f.port = &Port{h, f, parts, o.Settled == nil}
	return f.port, nil
}

func orElse[T int | float64](set, unset T) T {
	if set != 0 {
		return set
	}
	return unset
}

// Submit offers a frame with the view taken with it, and never waits for room.
// If it is accepted the coordinator takes a reference of its own; the caller's
// stays the caller's either way. Refused frames get ErrInFlight, ErrQueueFull or
// ErrUnavailable.
func (p *Port) Submit(f *frame.Frame, v frame.ViewState) (*Ticket, error) {
	return p.submit(f, v, nil, p.waits)
}

// SubmitParts submits regions of a frame, crops for a second processor, as
// entries of one ticket: it has one place under the cap and one answer, delivered
// if any of its parts was, and Parts for each. There must be 1 to
// FeedOptions.MaxParts regions.
func (p *Port) SubmitParts(f *frame.Frame, v frame.ViewState, regions []frame.Box) (*Ticket, error) {
	if len(regions) < 1 || len(regions) > p.parts {
		return nil, fmt.Errorf("a frame may be submitted in 1–%d parts, not %d", p.parts, len(regions))
	}
	return p.submit(f, v, regions, p.waits)
}

// SubmitAndWait submits a frame and waits for its answer, not for room. If ctx
// ends first the entry is given up.
func (p *Port) SubmitAndWait(ctx context.Context, f *frame.Frame, v frame.ViewState) (frame.Result, error) {
	t, err := p.submit(f, v, nil, true)
	if err != nil {
		return frame.Result{}, err
	}
	return t.Wait(ctx)
}

func (p *Port) submit(fr *frame.Frame, v frame.ViewState, regions []frame.Box, waits bool) (*Ticket, error) {
	h, f := p.h, p.f
	h.mu.Lock()
	now := h.now()
	f.counts.Submitted++
	n := max(1, len(regions))
	if err := h.admit(p, n, now); err != nil {
		f.lane.former.submitted(&f.line, n, false, now)
		h.mu.Unlock()
		return nil, err
	}
	t := h.ticket()
	t.feed, t.frame, t.view, t.waits, t.submitted = f, fr.Retain(), v, waits, now
	h.accept(t, regions, now)
	wake := f.lane.poke(now)
	if wake == nil && h.helpers > 0 {
		h.work.Signal() // there is time until its batch is cut
	}
	h.mu.Unlock()
	wake.signal()
	return t, nil
}

// admit says whether n entries may come in by a port, and counts it if not. mu
// is held.
func (h *Handle) admit(p *Port, n int, now time.Duration) error {
	switch f := p.f; {
	case h.stopping || f.port != p:
		f.counts.Outcomes[frame.Unavailable]++
		return ErrUnavailable
	case f.lane.serving == 0:
		f.counts.Outcomes[frame.Unavailable]++
		h.foundLost(f, now)
		return ErrUnavailable
	case f.line.held >= f.line.cap:
		f.counts.Outcomes[frame.InFlight]++
		h.occurred(&f.reports[reportInFlight], nil, now)
		return ErrInFlight
	case !h.hasRoom(&f.line, n):
		f.counts.Outcomes[frame.QueueFull]++
		h.occurred(&f.reports[reportQueueFull], nil, now)
		return ErrQueueFull
	default:
		f.counts.Accepted++
		return nil
	}
}

// accept queues the entries of a ticket. mu is held.
func (h *Handle) accept(t *Ticket, regions []frame.Box, now time.Duration) {
	f := t.feed
	t.entries = t.one[:]
	if n := len(regions); n > 0 {
		t.many = slices.Grow(t.many[:0], n)[:n]
		t.parts = slices.Grow(t.parts[:0], n)[:n]
		clear(t.many)
		clear(t.parts)
		t.entries = t.many
	}
	t.inside, t.missing = len(t.entries), len(t.entries)
	f.lane.former.submitted(&f.line, len(t.entries), true, now)
	f.order.push(t)
	h.unsettled.push(t)
	h.unsent++
	for i := range t.entries {
		e := &t.entries[i]
		e.ticket, e.line, e.part = t, &f.line, i
		if len(regions) > 0 {
			e.region = regions[i]
		}
		f.lane.former.add(e, now)
	}
	h.arm(now + h.patience)
}

// SetLive says whether the feed has a picture and means to submit: one that is
// stalled, backing off or stopping is not waited for, and losing the
// coordinator is no event for it. Attach sets it.
func (p *Port) SetLive(live bool) {
	p.tell(func(now time.Duration) { p.f.lane.former.setLive(&p.f.line, live, now) })
}

// Reconnected says that the feed's stream begins anew: what its rhythm was is
// forgotten, and events kept back are reported.
func (p *Port) Reconnected() {
	p.tell(func(now time.Duration) {
		p.f.lane.former.begun(&p.f.line, now)
		p.h.flushReports(p.f, now)
	})
}

// tell changes what is known of the feed, unless it has left by this port.
func (p *Port) tell(change func(now time.Duration)) {
	h := p.h
	h.mu.Lock()
	if p.f.port != p {
		h.mu.Unlock()
		return
	}
	now := h.now()
	change(now)
	wake := p.f.lane.poke(now)
	h.mu.Unlock()
	wake.signal()
}

// Detach ends the feed's submissions and settles, as stopped, what is without an
// answer. When it returns Settled has been called for all, and will not be
// called again. It must not be called from Settled. A second Detach is harmless.
func (p *Port) Detach() {
	h, f := p.h, p.f
	h.mu.Lock()
	if f.port != p {
		h.mu.Unlock()
		return
	}
	now := h.now()
	f.port = nil
	f.lane.former.setLive(&f.line, false, now)
	var a answers
	h.dismiss(f, now, &a)
	f.lane.former.detach(&f.line)
	h.countDepths()
	h.flushReports(f, now)
	wake := f.lane.poke(now)
	h.deliver(&a)
	var idle chan struct{}
	if f.claimed {
		idle = make(chan struct{})
		f.idle = idle
	}
	h.mu.Unlock()
	wake.signal()
	if idle != nil {
		<-idle
	}
}

// dismiss settles everything of a feed as stopped and empties its line. mu is held.
func (h *Handle) dismiss(f *feed, now time.Duration, a *answers) {
	for f.order.first != nil {
		h.settle(f.order.first, frame.Stopped, nil, now, a) // and hands it over
	}
	for e := f.line.head; e != nil; e = f.line.head {
		f.lane.former.withdraw(e)
		f.counts.Abandoned++
		h.left(e)
	}
}

// Stats are this feed's figures.
func (p *Port) Stats() FeedStats {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	return p.f.stats()
}
