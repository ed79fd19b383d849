package batchsink

import (
	"context"
	"runtime"
	"time"
)

// worker is the goroutine, locked to its OS thread, on which one processor
// starts, works and stops.
type worker struct {
	h        *Handle
	lane     *lane
	instance *instance
	ctx      context.Context
	cancel   context.CancelFunc
	wake     chan struct{} // one place

	// The worker's alone.
	processor Processor
	batch     batch // but for its items
	answers   answers

	// Guarded by Handle.mu.
	phase phase
	since time.Duration // when the phase was entered
	freed time.Duration // when it was last free to take a batch
	// retired: it failed too often and is to stop.
	retired bool
	// abandoned: the owner has given it up because a call did not return. It
	// then touches nothing but its own, and ends when the call does.
	abandoned bool
	warned    bool // its Start has been told to hurry
}

// phase is what a worker is doing.
type phase uint8

const (
	starting phase = iota
	idle           // waiting for a batch to be due
	woken          // signalled, or looking by itself
	processing
	closing // in its processor's Stop
)

func (w *worker) enter(p phase, now time.Duration) { w.phase, w.since = p, now }

// signal wakes an idle worker. Nil does nothing. mu need not be held.
func (w *worker) signal() {
	if w == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run is the thread's life. The goroutine never unlocks it, so that the thread
// ends too, and with it whatever a native library has left on it.
func (w *worker) run() {
	runtime.LockOSThread()
	defer w.cancel()
	if w.start() {
		w.serve()
		w.stop()
	}
	w.gone()
}

// start starts the processor and reports how that went.
func (w *worker) start() bool {
	var err error
	if w.processor == nil {
		w.processor, err = w.h.factory.build()
	}
	if err == nil {
		err = contain("Start", func() error { return w.processor.Start(w.ctx) })
	}
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	if err == nil {
		w.enter(woken, w.h.now())
		w.freed = w.since
		w.lane.preparer, _ = w.processor.(Preparer)
	}
	if !w.abandoned {
		w.h.startEnded(w, err)
	}
	return err == nil
}

// serve processes batches until the worker is to end.
func (w *worker) serve() {
	h := w.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for !w.abandoned && !w.retired {
		switch {
		case w.retireIfBroken(h.now()):
			h.deliver(&w.answers)
		case w.take():
			w.process()
		case h.stopping:
			return
		default:
			w.rest()
		}
	}
}

// rest waits until a batch may be due. mu is held on entry and return.
func (w *worker) rest() {
	w.phase = idle
	w.h.mu.Unlock()
	timed := false
	select {
	case <-w.wake:
	case <-w.lane.timer.C:
		timed = true
	}
	w.h.mu.Lock()
	if timed {
		w.lane.armed = never
	}
	w.phase = woken
}

// take cuts the next batch if one is due. mu is held.
func (w *worker) take() bool {
	h, l, now := w.h, w.lane, w.h.now()
	l.sweep()
	why, ok := ReasonStop, true
	if w.batch.items, ok = l.takeFinal(w.batch.items); !ok {
		var when time.Duration
		if when, why = l.former.ask(now); when > now {
			l.arm(when, now)
			return false
		}
		w.batch.items = l.former.take(why, now, w.batch.items)
	}
	w.batch.begin(now)
	h.dispatched(why, len(w.batch.items), now-w.batch.oldest)
	// What was left behind may be due for another instance.
	l.poke(now).signal()
	return true
}

// process has the processor work on the batch taken, and on the parts of it
// that are retried, and answers for all its entries. mu is held on entry and
// return.
func (w *worker) process() {
	h, b := w.h, &w.batch
	if w.takePrepared(); w.abandoned {
		return
	}
	for more := true; more; {
		call := b.prepare(h.shape)
		if len(call) == 0 {
			if more = w.conclude(nil, h.now()); !more {
				w.answers.loose = b.end(w.answers.loose)
				h.deliver(&w.answers)
			}
			continue
		}
		w.enter(processing, h.now())
		h.arm(w.limit())
		h.mu.Unlock()
		err := contain("Process", func() error { return w.processor.Process(w.ctx, call) })
		failWithoutNumbers(call)
		h.mu.Lock()
		if w.abandoned {
			return
		}
		now := h.now()
		took := now - w.since
		w.enter(woken, now)
		h.processing.observe(took.Seconds())
		if err == nil {
			w.lane.former.called(len(call), took)
		}
		if more = w.conclude(err, now); !more {
			w.answers.loose = b.end(w.answers.loose)
		}
		h.deliver(&w.answers)
		for h.helpers == 0 && len(h.unfinished) > 0 {
			h.finishOne(&w.answers)
		}
	}
	if h.helpers > 0 {
		h.roomAgain()
	}
	w.freed = h.now()
}

// stop stops the processor, when all entries are answered if the coordinator
// stops, at once if only this worker does.
func (w *worker) stop() {
	h := w.h
	h.mu.Lock()
	orderly := h.stopping && !w.abandoned && !w.retired
	h.mu.Unlock()
	if orderly {
		<-h.quiet
	}
	for _, r := range w.batch.end(nil) {
		r.Release() // of a call that was abandoned, or kept its worker from the rest
	}
	h.mu.Lock()
	w.enter(closing, h.now())
	h.arm(w.limit())
	h.mu.Unlock()
	err := contain("Stop", w.processor.Stop)
	if err != nil {
		h.mu.Lock()
		h.post(Event{Kind: ProcessorStopFailed, Text: err.Error(), Err: err})
		h.mu.Unlock()
	}
}

// gone: the thread has nothing left to do.
func (w *worker) gone() {
	h := w.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.abandoned {
		h.stuck--
	}
	delete(h.workers, w)
	h.work.Broadcast() // helpers end with the last worker
	h.arm(h.now())
}
