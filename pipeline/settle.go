package pipeline

import "github.com/nvpipe/nvpipe/frame"

// Settled brings the answer to a frame that processor i accepted; i counts
// Settings.Processors. It is called exactly once for each, in order of
// submission. parts are the answers for the regions submitted, in their order.
// fr, r and parts are read until it returns and not kept. It does not block, and
// it submits the frame waiting in the slot, if there is one, and crops of fr to
// the processors that follow.
func (f *Feed) Settled(i int, fr *frame.Frame, r *frame.Result, parts []frame.Result) {
	if len(f.settings.Taps) > 0 {
		f.delivery.Lock()
		defer f.delivery.Unlock()
	}
	r = f.book(i, fr, r, parts)
	if r.Outcome == frame.Delivered {
		f.deliver(i, fr, r)
	}
}

// book returns the result to be delivered, valid until lane i's next.
func (f *Feed) book(i int, fr *frame.Frame, r *frame.Result, parts []frame.Result) *frame.Result {
	f.mu.Lock()
	defer f.unlock()
	l := &f.lanes[i]
	was := l.flights.pop()
	if l.parent >= 0 {
		r = l.merge(&was.crops, r, parts)
	}
	l.waiting--
	l.ledger[r.Outcome]++
	f.answer(i, fr, r)
	f.pass(i, fr, was.view, r.Outcome, r.Output.Detections)
	refused, o := l.next()
	f.let(i, refused, o)
	f.checkQuiet()
	return r
}

// answer hands a result to the frame it belongs to, if that is still held, with
// mu held. Otherwise it is the newest there is: held frames are younger.
func (f *Feed) answer(i int, fr *frame.Frame, r *frame.Result) {
	o := f.outbox()
	delivered := r.Outcome == frame.Delivered
	switch {
	case o != nil && delivered && o.held.find(fr) != nil:
		o.decided(i, fr, cloneResult(r))
	case o != nil && o.decided(i, fr, nil):
	case delivered && f.settings.Graph.Annotate:
		f.lanes[i].newest.keep(fr.PTS, r)
	}
}

// deliver hands a result to the taps, with delivery held.
func (f *Feed) deliver(i int, fr *frame.Frame, r *frame.Result) {
	if len(f.settings.Taps) == 0 {
		return
	}
	l := &f.lanes[i]
	f.tapped[0] = frame.Finding{Processor: l.name, Of: l.crop.Of, Result: r}
	for _, t := range f.settings.Taps {
		t.Deliver(fr, f.tapped[:])
	}
	f.tapped[0] = frame.Finding{}
}

// findings are what a held frame goes on with, with mu held: its own results,
// or the newest with their age.
func (f *Feed) findings(h *heldFrame) []frame.Finding {
	list := make([]frame.Finding, 0, len(f.lanes))
	for i := range f.lanes {
		l := &f.lanes[i]
		if r := h.own[i]; r != nil {
			l.newest.adopt(h.frame.PTS, r)
		}
		if l.newest.known {
			list = append(list, frame.Finding{
				Processor: l.name, Of: l.crop.Of, Result: l.newest.share(), Age: h.frame.PTS - l.newest.pts,
			})
		}
	}
	if h.awaits > 0 {
		f.stats.Late++
	}
	return list
}
