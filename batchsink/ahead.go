package batchsink

import (
	"runtime"

	"github.com/nvpipe/nvpipe/frame"
)

// Preparer is what a Processor may be too: part of its work is then done beside
// the call under way, by helper goroutines, for entries that wait.
type Preparer interface {
	// Prepare works ahead on one entry, of which it keeps nothing. What it
	// returns is the entry's Prepared at Process; nil: there is no room now,
	// and it is asked again when something was released. It is called for
	// several entries at once, also during Process, and maybe after Stop: it
	// uses only what all of that may share. Another processor of the same
	// factory may get the entry.
	Prepare(e *frame.Entry) frame.Prepared
}

// maxHelpers bounds the goroutines that work ahead and finish.
const maxHelpers = 4

// ahead is how far an entry has been worked ahead on.
type ahead uint8

const (
	untouched ahead = iota
	underway        // a helper has it
	ready           // its prepared, if any, is there
	dropped         // it left while a helper had it
)

// releaser is a frame, or what was made of one.
type releaser interface{ Release() }

// unfinished is one entry that was processed, with what is left to do.
type unfinished struct {
	entry   *entry
	output  frame.Entry
	result  frame.Result // without the output
	verdict *verdict
}

// startHelpers starts them if the processors can make use of them. mu is held.
func (h *Handle) startHelpers(p Processor) {
	if _, ok := p.(Preparer); !ok {
		return
	}
	h.helpers = min(runtime.GOMAXPROCS(0), maxHelpers)
	for range h.helpers {
		go h.help()
	}
}

// help is a helper's life: what is processed is finished first, because
// somebody waits for the answer.
func (h *Handle) help() {
	var a answers
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case len(h.loose) > 0:
			h.letGo()
		case len(h.unfinished) > 0:
			h.finishOne(&a)
		case h.prepareOne():
		case h.stopping && len(h.workers) == 0:
			h.helpers--
			h.arm(h.now()) // the owner waits for the last
			return
		default:
			h.work.Wait()
		}
	}
}

// letGo releases what was prepared in vain. mu is held, but not meanwhile.
func (h *Handle) letGo() {
	loose := h.loose
	h.loose = nil
	h.mu.Unlock()
	for _, r := range loose {
		r.Release()
	}
	h.mu.Lock()
}

// prepareOne works ahead on the oldest entry that waits untouched; false if
// there is none, or no room. mu is held, but not meanwhile.
func (h *Handle) prepareOne() bool {
	for _, l := range h.lanes {
		if e := l.untouched(); e != nil {
			l.prepare(e)
			return true
		}
	}
	return false
}

func (l *lane) untouched() *entry {
	if l.preparer == nil || l.crowded || l.serving == 0 || l.h.stopping {
		return nil
	}
	for e := l.former.oldest; e != nil; e = e.next {
		if e.ahead == untouched && !e.dead {
			return e
		}
	}
	return nil
}

func (l *lane) prepare(e *entry) {
	h, t, p := l.h, e.ticket, l.preparer
	e.ahead = underway
	t.busy++
	work := frame.Entry{Frame: t.frame.Retain(), View: t.view, Region: e.region}
	h.mu.Unlock()
	var made frame.Prepared
	// A panic is not reported here: Process meets the same frame.
	err := contain("Prepare", func() error { made = p.Prepare(&work); return nil })
	work.Frame.Release()
	h.mu.Lock()
	t.busy--
	switch {
	case e.ahead == dropped:
		h.letLoose(made)
	case made == nil && err == nil:
		e.ahead, l.crowded = untouched, true
	default:
		e.ahead, e.prepared = ready, made
	}
	h.recycle(t)
	h.work.Broadcast() // its worker may be waiting for it
}

// letLoose has what was prepared released, now that nobody needs it, by a
// helper: it is the processor's code, which does not run under mu. mu is held.
func (h *Handle) letLoose(p frame.Prepared) {
	if p != nil {
		h.loose = append(h.loose, p)
		h.roomAgain()
	}
}

// roomAgain: something prepared is being released. mu is held.
func (h *Handle) roomAgain() {
	for _, l := range h.lanes {
		l.crowded = false
	}
	h.work.Broadcast()
}

// forsake: an entry leaves without having been processed, or after. mu is held.
func (h *Handle) forsake(e *entry) {
	if e.ahead == underway {
		e.ahead = dropped
	}
	h.letLoose(e.prepared)
	e.prepared = nil
}

// takePrepared waits until no helper has an entry of the batch, and takes over what
// they made. mu is held, but not while it waits.
func (w *worker) takePrepared() {
	b, h := &w.batch, w.h
	if h.helpers == 0 {
		return
	}
	w.enter(processing, h.now())
	h.arm(w.limit())
	for i := 0; i < len(b.items) && !w.abandoned; i++ {
		e := b.items[i]
		for e.ahead == underway && !w.abandoned {
			h.work.Wait()
		}
		if e.prepared != nil && !w.abandoned {
			b.entries[i].Prepared, e.prepared = e.prepared, nil
			h.ahead++
		}
	}
}

// finishLater keeps an entry that was processed for a helper. mu is held.
func (w *worker) finishLater(i int, out *frame.Entry, r frame.Result) {
	h := w.h
	v := w.batch.judgeLater(w)
	h.unfinished = append(h.unfinished, unfinished{w.batch.items[i], *out, r, v})
	w.batch.items[i], out.Finish = nil, nil
	h.work.Signal()
}

// finishOne finishes one entry and answers for it. mu is held, but not
// meanwhile.
func (h *Handle) finishOne(a *answers) {
	u := h.unfinished[0]
	h.unfinished = append(h.unfinished[:0], h.unfinished[1:]...)
	t, out := u.entry.ticket, &u.output
	out.Frame = nil // released, or about to be
	wanted := !t.settled
	h.mu.Unlock()
	if wanted {
		if err := contain("Finish", func() error { out.Finish.Finish(out); return nil }); err != nil {
			out.Output, out.Err = frame.Output{}, err
		}
	} else {
		out.Finish.Release()
	}
	one := [1]frame.Entry{*out}
	failWithoutNumbers(one[:])
	h.mu.Lock()
	h.finished(&u, &one[0], a)
}

// finished answers for an entry that was. mu is held.
func (h *Handle) finished(u *unfinished, out *frame.Entry, a *answers) {
	e, r := u.entry, u.result
	t, now := e.ticket, h.now()
	r.Outcome, r.Output = frame.Delivered, out.Output
	if out.Err != nil {
		r.Outcome, r.Output, r.Err = frame.Failed, frame.Output{}, out.Err
		if !u.verdict.told {
			u.verdict.told = true
			h.occurred(&h.batchReport, out.Err, now)
		}
	}
	u.verdict.finished(out.Err)
	settled := t.settled
	if settled {
		t.feed.counts.Late++
	}
	h.left(e)
	if !settled {
		h.answerPart(t, e, r, now, a)
		h.deliver(a)
	}
}
