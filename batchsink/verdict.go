package batchsink

import "time"

// lossAfter is how many batches in a row without anything delivered make a
// processor count as lost: few enough to be seconds even for a slow one, enough
// not to restart for a burst of bad frames.
const lossAfter = 10

// verdict is how a batch went of which entries are left to be finished: that
// is known when the last of them is.
type verdict struct {
	worker    *worker
	entries   int // left to be finished
	open      int // of them, and the batch itself while it is processed
	delivered int
	err       error // the latest
	told      bool  // reported as a failure
}

// judgeLater is the batch's verdict, of which another entry will be a part.
func (b *batch) judgeLater(w *worker) *verdict {
	if b.verdict == nil {
		b.verdict = &verdict{worker: w, open: 1}
	}
	b.verdict.entries++
	b.verdict.open++
	return b.verdict
}

// finished is called for each entry, and end for the batch too; err is what went
// wrong. mu is held.
func (v *verdict) finished(err error) {
	if err == nil {
		v.delivered++
	}
	v.end(err)
}

func (v *verdict) end(err error) {
	if err != nil {
		v.err = err
	}
	if v.open--; v.open == 0 {
		v.worker.judge(v.delivered > 0, v.err)
		v.worker.signal() // it may be idle, and have to retire
	}
}

// judge counts a batch of the worker's. mu is held.
func (w *worker) judge(delivered bool, err error) {
	in := w.instance
	switch {
	case in.worker != w: // of a processor that is lost already
	case delivered:
		in.failures, in.losses = 0, 0
	default:
		in.failures++
		in.lastErr = err
	}
}

// retireIfBroken gives the worker's processor up if it has failed too often. mu
// is held.
func (w *worker) retireIfBroken(now time.Duration) bool {
	in := w.instance
	if w.retired || in.failures < lossAfter || w.h.stopping {
		return false
	}
	w.retired = true
	w.h.lose(w, now, &w.answers, in.lastErr)
	return true
}
