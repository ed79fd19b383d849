package batchsink

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// span is a range of a batch's entries.
type span struct{ low, high int }

func (s span) size() int { return s.high - s.low }

// isolation is the state of finding out which entries made a batch fail: the
// batch is processed again in halves, and the halves that fail in halves, all
// halves of one size before smaller ones.
type isolation struct {
	now  span   // the call under way
	todo []span // the calls after it
	// calls are the extra calls left to this batch.
	calls int
	split bool
	// halves are those of the first split.
	halves [2]span
	// badHalves counts the halves of the first split that failed: if both do it
	// is the processor that fails, not a frame.
	badHalves int
	// suspects are feeds whose entry failed by itself. They are blamed only if
	// others of the batch were delivered.
	suspects  []*feed
	delivered int // entries so far
	lastErr   error
}

// conclude answers for the entries of the call that has ended, or has them
// retried. It returns whether there are more calls to make. mu is held.
func (w *worker) conclude(err error, now time.Duration) (more bool) {
	b := &w.batch
	if err != nil {
		w.answers.loose = b.spoilt(w.answers.loose)
	}
	switch {
	case err == nil:
		w.answerCall(now)
	case !w.retry(err, now):
		if b.split && b.now.size() == 1 {
			b.suspects = append(b.suspects, b.items[b.now.low].ticket.feed)
		}
		w.fail(b.now, err, now)
		if b.badHalves == 2 {
			for _, s := range b.todo {
				w.fail(s, err, now)
			}
			b.todo = b.todo[:0]
		}
	}
	if len(b.todo) == 0 {
		w.batchEnded(now)
		return false
	}
	return true
}

// retry splits the call that failed in two, if that may help and is allowed.
func (w *worker) retry(err error, now time.Duration) bool {
	h, b, s := w.h, &w.batch, w.batch.now
	b.lastErr = err
	extra := &w.lane.former.extra
	switch {
	case !b.split:
		// Half an isolation finds nothing: it is begun only if it can be ended.
		if b.calls = splitCalls(s.size()); !extra.enough(b.calls) {
			return false
		}
	case s == b.halves[0], s == b.halves[1]:
		b.badHalves++
	}
	switch {
	case s.size() < 2, !h.cfg.IsolateFailures, h.traits.Stateful, h.stopping,
		b.badHalves == 2, b.calls < 2, now >= b.oldest+h.patience:
		return false
	}
	w.lane.former.spend(2)
	b.calls -= 2
	h.retries += 2
	middle := (s.low + s.high) / 2
	low, high := span{s.low, middle}, span{middle, s.high}
	if !b.split {
		b.split, b.halves = true, [2]span{low, high}
	}
	b.todo = append(b.todo, low, high)
	return true
}

// answerCall gives the entries of a call what the processor made of them.
func (w *worker) answerCall(now time.Duration) {
	b := &w.batch
	for n, i := range b.called {
		out := &b.call[n]
		switch {
		case out.Err != nil:
			w.answer(i, frame.Result{Outcome: frame.Failed, Err: out.Err}, now)
			b.lastErr = out.Err
			continue
		case out.Finish != nil:
			w.finishLater(i, out, w.result(i, now))
		default:
			w.answer(i, frame.Result{Outcome: frame.Delivered, Output: out.Output}, now)
		}
		b.delivered++
	}
	w.answers.loose = b.spoilt(w.answers.loose)
	w.skip(b.now)
}

// fail fails the entries of a span.
func (w *worker) fail(s span, err error, now time.Duration) {
	for i := s.low; i < s.high; i++ {
		if called := s == w.batch.now; called || !w.batch.items[i].ticket.settled {
			w.answer(i, frame.Result{Outcome: frame.Failed, Err: err}, now)
		}
	}
	w.skip(s)
}

// skip lets go of the entries of a span that no call was made for because
// nobody waited for them any more.
func (w *worker) skip(s span) {
	for i := s.low; i < s.high; i++ {
		if e := w.batch.items[i]; e != nil {
			w.batch.items[i] = nil
			e.ticket.feed.counts.Abandoned++
			w.h.left(e)
		}
	}
}

// answer gives one entry of the batch its result, and lets go of it; its ticket
// is settled with its last entry.
func (w *worker) answer(i int, r frame.Result, now time.Duration) {
	h, e := w.h, w.batch.items[i]
	t := e.ticket
	all := w.result(i, now)
	r.BatchSize, r.Timings = all.BatchSize, all.Timings
	w.batch.items[i] = nil
	if t.settled {
		t.feed.counts.Late++
		h.left(e)
		return
	}
	h.left(e)
	h.answerPart(t, e, r, now, &w.answers)
}

// result is what is known of the result of one entry but for its outcome.
func (w *worker) result(i int, now time.Duration) frame.Result {
	e := w.batch.items[i]
	ready := max(e.submitted, w.freed)
	return frame.Result{
		BatchSize: len(w.batch.items),
		Timings:   frame.Timings{Queue: ready - e.submitted, BatchWait: w.batch.began - ready, Inference: now - w.batch.began},
	}
}

// answerPart records the result of one entry of a ticket and settles the ticket
// when it was the last. mu is held.
func (h *Handle) answerPart(t *Ticket, e *entry, r frame.Result, now time.Duration, a *answers) {
	if r.Outcome != frame.Delivered {
		t.bad++
	}
	if len(t.parts) == 0 {
		t.result = r
	} else {
		r.Timings.Total = now - t.submitted
		t.parts[e.part], e.answered = r, true
		t.result.Timings, t.result.BatchSize = r.Timings, r.BatchSize
		if r.Err != nil {
			t.result.Err = r.Err
		}
	}
	if t.missing--; t.missing > 0 {
		return
	}
	if t.bad == len(t.entries) {
		h.settle(t, frame.Failed, t.result.Err, now, a)
		return
	}
	t.result.Partial = t.bad > 0
	h.settle(t, frame.Delivered, t.result.Err, now, a)
}

// batchEnded counts how the whole batch went.
func (w *worker) batchEnded(now time.Duration) {
	h, b := w.h, &w.batch
	switch v := b.verdict; {
	case b.lastErr != nil && v != nil && v.told:
	case b.lastErr != nil:
		h.occurred(&h.batchReport, b.lastErr, now)
		if v != nil {
			v.told = true
		}
	case h.batchReport.count > 0:
		h.emit(&h.batchReport, h.batchReport.pass(now))
	}
	if b.delivered > 0 {
		for _, f := range b.suspects {
			h.poisoned(f, now)
		}
	}
	if b.verdict != nil {
		b.verdict.delivered += b.delivered - b.verdict.entries
		b.verdict.end(b.lastErr)
		b.verdict = nil
	} else {
		w.judge(b.delivered > 0, b.lastErr)
	}
	w.retireIfBroken(now)
}
