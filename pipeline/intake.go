package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// intake takes a decoded frame of session s: a number, a place on the feed's
// clock, an offer to every processor, and a place among the held frames. It
// runs on the decoder's streaming thread, allocates nothing, and takes over the
// caller's reference.
func (f *Feed) intake(s *session, fr *frame.Frame) {
	defer fr.Release()
	now := time.Now()
	stamp(fr, now)
	wanted := s.outbox != nil && f.wanted()
	view := f.settings.View.View(fr)

	f.mu.Lock()
	defer f.unlock()
	if s.inputClosed {
		f.stats.Stray++
		return
	}
	f.seq++
	fr.Feed, fr.Seq, fr.PTS = f.id, f.seq, f.clock.at(now, fr.PTS)
	fr.Discontinuity = f.clock.breaks
	f.pace.frame(now)
	f.stats.LastFrame = now
	s.frame(now)
	f.see(s, fr, view)
	undecided := f.offer(fr, view, now)
	if s.outbox != nil {
		s.outbox.accept(fr, undecided, wanted, now)
	}
}

// stamp fills in the times a graph has left out.
func stamp(fr *frame.Frame, now time.Time) {
	if fr.Arrived.IsZero() {
		fr.Arrived = now
	}
	if fr.Captured.IsZero() {
		fr.Captured = fr.Arrived
	}
}

// offer shows a frame to every lane, with mu held, and returns how many have
// not decided about it yet. Those with a parent follow it.
func (f *Feed) offer(fr *frame.Frame, v frame.ViewState, now time.Time) int {
	suspect := fr.Suspect && f.config.SkipSuspect
	undecided := 0
	for i := range f.lanes {
		l := &f.lanes[i]
		if l.parent >= 0 {
			continue
		}
		d := l.offer(fr, v, now, suspect)
		if d.waits {
			undecided += 1 + l.following
		} else {
			f.pass(i, fr, v, d.outcome, nil)
		}
		f.let(i, d.evicted, frame.Superseded)
	}
	return undecided
}

// let lets go of a frame that lane i has decided about without a result, with
// mu held; nil is nothing.
func (f *Feed) let(i int, fr *frame.Frame, o frame.Outcome) {
	if fr == nil {
		return
	}
	f.without(i, fr, o)
	fr.Release()
}

// outbox is the current connection's, or nil; with mu held.
func (f *Feed) outbox() *outbox {
	if f.session == nil {
		return nil
	}
	return f.session.outbox
}

// wanted reports whether anybody takes the annotated stream. It calls the
// sinks, so without mu.
func (f *Feed) wanted() bool {
	if f.settings.Graph.DiscardContinuation {
		return true
	}
	for _, s := range f.settings.Sinks {
		if s.Wanted() {
			return true
		}
	}
	return false
}
