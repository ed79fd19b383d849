package batchsink

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Kind is what a health event is about.
type Kind string

// The kinds of health events. Those of a feed are coalesced per feed, BatchError
// per coordinator: the first at once, then at most one a second, and one more
// when what it is about has passed. Their counts add up to the occurrences.
const (
	// BatchSubmissionRejected: frames of the feed refused as queue_full.
	BatchSubmissionRejected Kind = "BatchSubmissionRejected"
	// BatchInFlightExceeded: frames of the feed refused as in_flight.
	BatchInFlightExceeded Kind = "BatchInFlightExceeded"
	// BatchTimeout: entries of the feed without an answer in time.
	BatchTimeout Kind = "BatchTimeout"
	// BatchError: batches that the processor failed, each counted once however
	// often its parts were retried.
	BatchError Kind = "BatchError"
	// StageError: the feed has found its coordinator lost; once per loss and
	// live feed, armed again by the feed's next result.
	StageError Kind = "StageError"

	// ProcessorLost: an instance has hung or failed too often; it is re-created.
	ProcessorLost Kind = "ProcessorLost"
	// ProcessorRestored: it serves again.
	ProcessorRestored Kind = "ProcessorRestored"
	// ProcessorStartFailed: re-creating it failed and is tried again.
	ProcessorStartFailed Kind = "ProcessorStartFailed"
	// ProcessorStopFailed: its Stop returned an error, panicked, or did not return.
	ProcessorStopFailed Kind = "ProcessorStopFailed"
	// FeedIsolated: the feed's frames keep failing whole batches and are
	// processed alone for a while.
	FeedIsolated Kind = "FeedIsolated"
	// TraceFailed: the trace cannot be written; nothing else suffers.
	TraceFailed Kind = "TraceFailed"
)

// Event is one health event. Events are given to Options.OnEvent one at a time
// by the coordinator's own goroutine.
type Event struct {
	Kind      Kind
	Processor string
	// Feed is empty for events of the coordinator.
	Feed frame.FeedID
	// Count is how many occurrences the event stands for, at least 1.
	Count int
	// Text says what happened, with the figures that explain it.
	Text string
	// Err is the latest error behind it, if any; a *PanicError has the stack.
	Err error
}

// The kinds that are coalesced for each feed, as indices of feed.reports.
const (
	reportQueueFull = iota
	reportInFlight
	reportTimeout
	numFeedKinds
)

// report is one kind of event of one feed, or of the coordinator, between
// occurrences.
type report struct {
	coalescer
	kind    Kind
	feed    *feed // nil: the coordinator's
	lastErr error
	listed  bool // among Handle.reports
}

// occurred counts an occurrence and sees to it that it is reported. mu is held.
func (h *Handle) occurred(r *report, err error, now time.Duration) {
	r.count++
	r.lastErr = err
	if r.due() <= now {
		h.emit(r, r.take(now))
		return
	}
	if !r.listed {
		r.listed = true
		h.reports = append(h.reports, r)
	}
	h.arm(r.due())
}

// reportDue reports what is due and returns when the next is. mu is held.
func (h *Handle) reportDue(now time.Duration) time.Duration {
	next := never
	kept := h.reports[:0]
	for _, r := range h.reports {
		if r.count > 0 && r.due() <= now {
			h.emit(r, r.take(now))
		}
		if r.listed = r.count > 0; r.listed {
			kept = append(kept, r)
			next = min(next, r.due())
		}
	}
	clear(h.reports[len(kept):])
	h.reports = kept
	return next
}

// recovered: the feed has a result again. mu is held.
func (h *Handle) recovered(f *feed, now time.Duration) {
	f.lossReported = false
	for i := range f.reports {
		if r := &f.reports[i]; r.count > 0 {
			h.emit(r, r.pass(now))
		}
	}
}

// flushReports reports whatever is left of a feed. mu is held.
func (h *Handle) flushReports(f *feed, now time.Duration) {
	for i := range f.reports {
		h.emit(&f.reports[i], f.reports[i].rest())
	}
}

// emit makes one event of n occurrences. mu is held.
func (h *Handle) emit(r *report, n int) {
	if n == 0 {
		return
	}
	e := Event{Kind: r.kind, Count: n, Text: h.text(r), Err: r.lastErr}
	if r.feed != nil {
		e.Feed = r.feed.id
	}
	h.post(e)
}

// post hands an event to the owner goroutine. mu is held.
func (h *Handle) post(e Event) {
	if h.opts.OnEvent == nil {
		return
	}
	e.Processor = h.id
	e.Count = max(1, e.Count)
	h.events = append(h.events, e)
	h.arm(h.now())
}

// text says what a coalesced report is about. mu is held.
func (h *Handle) text(r *report) string {
	switch r.kind {
	case BatchSubmissionRejected:
		return fmt.Sprintf("the queue is full: %d entries waiting, capacity %d; %s", h.queueLength(), h.capacity, h.pace())
	case BatchInFlightExceeded:
		text := fmt.Sprintf("%d of %d entries allowed are with the coordinator", r.feed.line.held, r.feed.line.cap)
		if t := r.feed.order.first; t != nil {
			text += fmt.Sprintf(", the oldest for %v", round(h.now()-t.submitted))
		}
		return fmt.Sprintf("%s; %s; response_timeout is %v: if this persists the processor is too slow for it", text, h.pace(), h.cfg.ResponseTimeout)
	case BatchTimeout:
		return fmt.Sprintf("no answer within %v (latency allowance %v + response_timeout %v); %s", h.patience, h.cfg.latency(), h.cfg.ResponseTimeout, h.pace())
	}
	return fmt.Sprint(r.lastErr)
}

// pace says how fast the processor has been.
func (h *Handle) pace() string {
	mean, ok := h.processing.mean()
	if !ok {
		return "no batch has been processed yet"
	}
	size, _ := h.size.mean()
	return fmt.Sprintf("a batch takes %v on average, for %.1f entries", round(seconds(mean)), size)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// round leaves about three digits.
func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(10 * time.Nanosecond)
}
