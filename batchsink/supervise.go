package batchsink

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// The pause before a lost processor is made again: it doubles with each loss
// without a batch delivered in between.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

func (in *instance) pause() time.Duration {
	return min(firstRetry<<min(in.losses, 10), lastRetry)
}

// startEnded: a worker's Start has returned, or was given up. mu is held.
func (h *Handle) startEnded(w *worker, err error) {
	in := w.instance
	switch {
	case err == nil && h.up:
		in.lane.serve(1)
		h.post(Event{Kind: ProcessorRestored, Text: fmt.Sprintf("instance %d serves again", in.number)})
	case err == nil:
		in.lane.serve(1)
		h.up = h.servingAll()
		if h.up {
			h.tellStarted(nil)
		}
	case !h.up:
		in.worker = nil
		h.tellStarted(fmt.Errorf("starting the processor: %w", err))
	default:
		in.worker = nil
		h.retryLater(in)
		h.post(Event{Kind: ProcessorStartFailed, Err: err,
			Text: fmt.Sprintf("instance %d did not start: %v; next attempt in %v", in.number, err, in.retryAt-h.now())})
	}
}

func (h *Handle) servingAll() bool {
	serving := 0
	for _, l := range h.lanes {
		serving += l.serving
	}
	return serving == h.cfg.Instances
}

// tellStarted gives New its answer, once.
func (h *Handle) tellStarted(err error) {
	if !h.told {
		h.told = true
		h.started <- err
	}
}

func (h *Handle) retryLater(in *instance) {
	if h.stopping {
		return
	}
	in.retryAt = h.now() + in.pause()
	in.losses++
	h.arm(in.retryAt)
}

// revive starts the processors whose pause is over. mu is held.
func (h *Handle) revive(now time.Duration) time.Duration {
	next := never
	for _, l := range h.lanes {
		for _, in := range l.instances {
			if in.retryAt > now {
				next = min(next, in.retryAt)
			} else {
				h.spawn(in, nil)
			}
		}
	}
	return next
}

// lose takes an instance out of service and has it re-created after a pause. If
// it was the last of its lane nobody can serve the lane's queue: it is settled
// as stopped, and submissions are refused until an instance is back. mu is held.
func (h *Handle) lose(w *worker, now time.Duration, a *answers, why error) {
	in, l := w.instance, w.lane
	in.worker = nil
	l.serve(-1)
	h.losses++
	in.failures = 0
	h.retryLater(in)
	text := fmt.Sprintf("instance %d is lost: %v", in.number, why)
	if !h.stopping {
		text += fmt.Sprintf("; it is made again in %v", in.retryAt-now)
	}
	h.post(Event{Kind: ProcessorLost, Err: why, Text: text})
	if l.serving == 0 {
		l.drain(now, a)
	}
}

// drain settles as stopped whatever is queued, or was to be the last batch. mu
// is held.
func (l *lane) drain(now time.Duration, a *answers) {
	for _, e := range l.final {
		l.h.settle(e.ticket, frame.Stopped, nil, now, a)
	}
	l.final, _ = l.takeFinal(l.final[:0:0])
	for e := l.former.oldest; e != nil; e = l.former.oldest {
		f, dead := e.ticket.feed, e.dead
		l.former.withdraw(e)
		l.h.left(e)
		if dead {
			f.counts.Abandoned++
			continue
		}
		f.counts.Drained++
		l.h.settle(e.ticket, frame.Stopped, nil, now, a)
		l.h.foundLost(f, now)
	}
}

// foundLost: a feed has met the loss of its coordinator. mu is held.
func (h *Handle) foundLost(f *feed, now time.Duration) {
	if f.lossReported || !f.line.live || h.stopping {
		return
	}
	f.lossReported = true
	h.post(Event{Kind: StageError, Feed: f.id, Text: "the processor is lost and being re-created; frames are refused until it is back"})
}
