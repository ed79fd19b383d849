package batchsink

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// own is the owner goroutine: it keeps the deadlines, replaces lost processors
// and reports events. It sleeps until the earliest of them.
func (h *Handle) own() {
	defer close(h.done)
	defer h.endTrace()
	var a answers
	var events []Event
	for finished := false; !finished; {
		<-h.timer.C
		h.mu.Lock()
		h.armed = never
		h.tick(h.now(), &a)
		h.deliver(&a)
		if finished = h.ended(h.now()); finished {
			h.finish()
		}
		events, h.events = h.events, events[:0]
		fatal := h.fatal
		h.fatal = nil
		h.mu.Unlock()
		for i, e := range events {
			h.opts.OnEvent(e)
			events[i] = Event{}
		}
		if fatal != nil && h.opts.OnFatal != nil {
			h.opts.OnFatal(fatal)
		}
	}
}

// arm wakes the owner at a moment unless it wakes before. mu is held.
func (h *Handle) arm(when time.Duration) {
	if when < h.armed {
		h.armed = when
		h.timer.Reset(when - h.now())
	}
}

// tick does what is due and arms the timer for what is not. mu is held.
func (h *Handle) tick(now time.Duration, a *answers) {
	next := h.expire(now, a)
	next = min(next, h.watch(now, a))
	next = min(next, h.revive(now))
	next = min(next, h.readmit(now))
	if h.stopping {
		next = min(next, h.press(now, a))
	}
	h.arm(min(next, h.reportDue(now)))
}

// expire settles what has waited too long; unsettled tickets are in order of
// their deadlines.
func (h *Handle) expire(now time.Duration, a *answers) time.Duration {
	for t := h.unsettled.first; t != nil; t = h.unsettled.first {
		if t.submitted+h.patience > now {
			return t.submitted + h.patience
		}
		h.settle(t, frame.Timeout, nil, now, a)
		h.occurred(&t.feed.reports[reportTimeout], nil, now)
		t.feed.lane.poke(now).signal() // a free instance reaches it at once
	}
	return never
}

// watch gives up workers whose call has not returned in time.
func (h *Handle) watch(now time.Duration, a *answers) time.Duration {
	next := never
	for w := range h.workers {
		if limit := w.limit(); limit > now {
			next = min(next, limit)
		} else {
			h.overdue(w, now, a)
		}
	}
	return next
}

// startGrace is how long a Start that is too slow has to notice that its
// context has ended.
const startGrace = 2 * time.Second

// limit is when the call that the worker is in has taken too long.
func (w *worker) limit() time.Duration {
	h, limit := w.h, never
	switch w.phase {
	case starting:
		limit = w.since + h.cfg.StartupTimeout
		if w.warned {
			limit += startGrace
		}
	case processing:
		limit = w.since + h.cfg.HangTimeout
	case closing:
		limit = w.since + h.cfg.StopTimeout
	default:
		return never
	}
	if h.stopping {
		limit = min(limit, h.closeBy)
	}
	return limit
}

// overdue gives a worker up, or first hurries a Start.
func (h *Handle) overdue(w *worker, now time.Duration, a *answers) {
	if w.phase == starting && !w.warned {
		w.warned = true
		w.cancel()
		h.arm(w.limit())
		return
	}
	was := w.phase
	err := h.abandon(w, now)
	switch was {
	case starting:
		h.startEnded(w, err)
	case processing:
		h.lose(w, now, a, err)
		h.failHung(w, err, now, a)
	case closing:
		h.post(Event{Kind: ProcessorStopFailed, Text: err.Error(), Err: err})
	}
}

// failHung settles what a call that hangs has in hand. mu is held.
func (h *Handle) failHung(w *worker, err error, now time.Duration, a *answers) {
	for _, e := range w.batch.items {
		if e == nil {
			continue // answered before a part of the batch was retried
		}
		t := e.ticket
		if w.lane.serving == 0 {
			h.foundLost(t.feed, now)
		}
		settled := t.settled
		h.left(e)
		if !settled {
			h.answerPart(t, e, frame.Result{Outcome: frame.Failed, Err: err}, now, a)
		}
	}
}

// abandon leaves a thread to the call that does not return; what the call may
// still read is kept for it. mu is held.
func (h *Handle) abandon(w *worker, now time.Duration) error {
	in := map[phase]string{starting: "Start", processing: "Process", closing: "Stop"}[w.phase]
	err := fmt.Errorf("%w: instance %d has been in %s for %v; its thread was abandoned", ErrHung, w.instance.number, in, round(now-w.since))
	w.abandoned = true
	w.cancel()
	h.work.Broadcast() // it may be waiting for a helper
	delete(h.workers, w)
	h.stuck++
	if h.stuck > h.cfg.MaxStuck && !h.stopping && !h.fatalTold {
		h.fatalTold = true
		h.fatal = fmt.Errorf("processor %s: %d calls hang, max_stuck is %d: %w", h.id, h.stuck, h.cfg.MaxStuck, err)
	}
	if h.stopping || !h.up {
		h.leftovers = append(h.leftovers, err)
	}
	return err
}

// ended: nothing is left to do. A helper that does not come back is not waited
// for longer than a processor. mu is held.
func (h *Handle) ended(now time.Duration) bool {
	if !h.stopping || len(h.workers) > 0 {
		return false
	}
	if h.helpers > 0 && now >= h.closeBy {
		h.leftovers = append(h.leftovers, fmt.Errorf("%w: %d helpers in Prepare or Finish were abandoned", ErrHung, h.helpers))
		return true
	}
	return h.helpers == 0
}

// finish is the last thing to happen: what is left of events is reported and
// the id is free again. mu is held.
func (h *Handle) finish() {
	for _, f := range h.feeds {
		h.flushReports(f, h.now())
	}
	h.emit(&h.batchReport, h.batchReport.rest())
	ids.Delete(h.id)
}

// press hurries a coordinator that is stopping.
func (h *Handle) press(now time.Duration, a *answers) time.Duration {
	if now < h.answersBy {
		return h.answersBy
	}
	for t := h.unsettled.first; t != nil; t = h.unsettled.first {
		h.settle(t, frame.Stopped, nil, now, a)
	}
	for _, l := range h.lanes {
		l.final, _ = l.takeFinal(l.final[:0:0])
	}
	for w := range h.workers {
		if w.phase == processing {
			w.cancel()
		}
	}
	if now < h.closeBy {
		return h.closeBy
	}
	h.hush()
	return never
}

// hush lets workers stop their processors.
func (h *Handle) hush() {
	if !h.hushed {
		h.hushed = true
		close(h.quiet)
	}
}

// checkQuiet: a coordinator that stops is quiet when every answer has been sent.
// mu is held.
func (h *Handle) checkQuiet() {
	if h.stopping && h.unsent == 0 {
		h.hush()
	}
}
