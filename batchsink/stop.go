package batchsink

import (
	"context"
	"errors"
	"time"
)

// hurryFor is what is left for the processors' Stop once the caller of Stop is
// out of patience.
const hurryFor = 500 * time.Millisecond

// Stop ends the coordinator: a batch being processed is finished and answered,
// the one being formed is processed and answered, the rest is settled stopped at
// once; then the processors are stopped. It returns when all is done, after
// stop_timeout at most, and within a second once ctx has ended; its error says
// what had to be abandoned. Feeds may still call Submit and Detach. A second
// Stop waits for the first.
func (h *Handle) Stop(ctx context.Context) error {
	h.mu.Lock()
	var a answers
	h.beginStop(h.now(), &a)
	h.deliver(&a)
	h.mu.Unlock()
	select {
	case <-h.done:
	case <-ctx.Done():
		h.hurry()
		<-h.done
	}
	return errors.Join(h.leftovers...)
}

// beginStop refuses submissions and settles what no batch will take. mu is held.
func (h *Handle) beginStop(now time.Duration, a *answers) {
	if h.stopping {
		return
	}
	h.stopping = true
	h.answersBy, h.closeBy = now+h.cfg.StopTimeout*3/8, now+h.cfg.StopTimeout
	for _, l := range h.lanes {
		l.sweep()
		var final []*entry
		if l.serving > 0 && l.former.queued > 0 {
			final = l.former.take(ReasonStop, now, nil)
		}
		l.drain(now, a)
		l.final = final
		for _, in := range l.instances {
			in.retryAt = never
			if in.worker != nil {
				in.worker.halt()
			}
		}
	}
	h.checkQuiet()
	h.arm(now)
}

// halt has a worker look whether it is to end.
func (w *worker) halt() {
	if w.phase == starting {
		w.cancel()
		w.warned = true
		return
	}
	w.signal()
}

// hurry: the caller of Stop is out of patience.
func (h *Handle) hurry() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	h.answersBy = min(h.answersBy, now)
	h.closeBy = min(h.closeBy, now+hurryFor)
	h.arm(now)
}
