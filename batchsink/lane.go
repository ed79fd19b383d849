package batchsink

import (
	"context"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// lane is one queue and the instances that are fed from it. There is one for
// all instances, unless the processor is stateful: then each instance has its
// own, and a feed stays in its lane.
type lane struct {
	h         *Handle
	former    former
	instances []*instance
	serving   int // instances that are idle or at work
	// preparer is the processor started last, if it can work ahead; crowded:
	// it had no room for more.
	preparer Preparer
	crowded  bool
	// timer wakes an idle worker when the batch being formed is due.
	timer *time.Timer
	armed time.Duration
	// final is the batch that was being formed when the coordinator stopped.
	final []*entry
	swept []*entry // scratch
}

// instance is one place for a processor; its worker may be lost and replaced.
type instance struct {
	lane   *lane
	number int
	worker *worker // nil while lost
	// losses in a row, without a batch delivered; they lengthen the pause.
	losses int
	// failures are batches in a row with nothing delivered. They are the
	// instance's own: one that is broken is not hidden by another that works.
	failures int
	lastErr  error // of the latest
	retryAt  time.Duration
}

func (h *Handle) makeLanes() {
	for n := range h.cfg.Instances {
		if n == 0 || h.traits.Stateful {
			h.lanes = append(h.lanes, &lane{h: h, former: newFormer(h.shape, h.cfg), timer: stoppedTimer(), armed: never})
		}
		l := h.lanes[len(h.lanes)-1]
		l.instances = append(l.instances, &instance{lane: l, number: n + 1, retryAt: never})
	}
}

// serve changes how many instances serve the lane. mu is held.
func (l *lane) serve(more int) {
	l.serving += more
	l.former.tape.count(trace.KindServing, l.serving, 0)
}

// emptiestLane is where the next feed goes. mu is held.
func (h *Handle) emptiestLane() *lane {
	best := h.lanes[0]
	for _, l := range h.lanes {
		if len(l.former.lines) < len(best.former.lines) {
			best = l
		}
	}
	return best
}

// spawn starts a thread for an instance; p is nil if the thread is to make its
// processor. mu is held.
func (h *Handle) spawn(in *instance, p Processor) {
	w := &worker{h: h, lane: in.lane, instance: in, processor: p, wake: make(chan struct{}, 1)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	in.worker, in.retryAt = w, never
	h.workers[w] = struct{}{}
	w.enter(starting, h.now())
	h.arm(w.limit())
	go w.run()
}

// poke sees to it that a free instance looks when the next batch is due: it
// returns a worker to be signalled if that is now, else the timer is set. It
// follows every change of what the former knows. mu is held.
func (l *lane) poke(now time.Duration) *worker {
	w := l.idle()
	if w == nil {
		return nil
	}
	l.sweep()
	when, _ := l.former.ask(now)
	if when > now {
		l.arm(when, now)
		return nil
	}
	w.phase = woken
	return w
}

func (l *lane) idle() *worker {
	for _, in := range l.instances {
		if in.worker != nil && in.worker.phase == idle {
			return in.worker
		}
	}
	return nil
}

// stoppedTimer fires when it is Reset, not before.
func stoppedTimer() *time.Timer {
	t := time.NewTimer(never)
	t.Stop()
	return t
}

// arm sets the timer unless it fires before. mu is held.
func (l *lane) arm(when, now time.Duration) {
	if when < l.armed {
		l.armed = when
		l.timer.Reset(when - now)
	}
}

// sweep lets go of the entries that nobody waits for. mu is held.
func (l *lane) sweep() {
	l.swept = l.former.sweep(l.swept[:0])
	for i, e := range l.swept {
		e.ticket.feed.counts.Abandoned++
		l.h.left(e)
		l.swept[i] = nil
	}
}

// takeFinal appends what is still waited for of the batch that was being formed
// when the coordinator stopped; ok is false if there is nothing. mu is held.
func (l *lane) takeFinal(into []*entry) (items []*entry, ok bool) {
	for i, e := range l.final {
		if e.ticket.settled {
			e.ticket.feed.counts.Abandoned++
			l.h.left(e)
		} else {
			into = append(into, e)
		}
		l.final[i] = nil
	}
	l.final = l.final[:0]
	return into, len(into) > 0
}
