package batchsink

import (
	"encoding/json"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
	"github.com/nvpipe/nvpipe/frame"
)

// tape records what one lane's former is told, as batch.trace asks for. A nil
// tape records nothing and costs nothing. Handle.mu is held in all its methods;
// none waits for the disk.
type tape struct {
	h       *Handle
	lane    int
	members []uint64 // scratch
}

// tracePatience is how long a coordinator that ends waits at most for its trace to
// be on disk.
const tracePatience = 250 * time.Millisecond

// record begins a trace if one is configured. It is called before anything else
// happens.
func (h *Handle) record() {
	if h.cfg.Trace == "" {
		return
	}
	h.trace = trace.NewRecorder(h.cfg.Trace, int64(h.cfg.TraceSize), h.traceFailed)
	for i, l := range h.lanes {
		l.former.tape = &tape{h: h, lane: i}
	}
}

// traceFailed reports a trace that cannot be written. mu is not held.
func (h *Handle) traceFailed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.post(Event{Kind: TraceFailed, Err: err, Text: err.Error() + "; batches are formed as ever, and the trace begins anew in a minute"})
}

// endTrace writes what is left. mu is not held.
func (h *Handle) endTrace() {
	if h.trace == nil {
		return
	}
	h.mu.Lock()
	now := h.now()
	patience := max(0, min(tracePatience, h.closeBy-now))
	h.mu.Unlock()
	h.trace.Close(now, patience)
}

// catchUp records the state of all lanes if a file begins here, or something was
// lost. Every former is between two inputs then.
func (t *tape) catchUp(now time.Duration) {
	if t == nil || !t.h.trace.Due(now) {
		return
	}
	t.h.trace.Begin(t.h.traceHeader(), now)
	for i, l := range t.h.lanes {
		s := l.former.state()
		s.Serving = l.serving
		t.h.trace.Add(&trace.Record{Kind: trace.KindState, Lane: i, At: now, State: &s})
	}
}

func (h *Handle) traceHeader() trace.Header {
	shown := h.cfg
	shown.Trace = ""
	text, err := json.Marshal(shown)
	if err != nil {
		text = nil
	}
	return trace.Header{
		Processor: h.id, Begun: h.epoch.UTC().Round(0), Policy: h.cfg.Policy, Window: h.cfg.latency(), Patience: h.patience,
		Largest: h.shape.largest, Sizes: h.shape.sizes, Lanes: len(h.lanes), Config: text,
	}
}

func (t *tape) put(r trace.Record) {
	r.Lane = t.lane
	t.h.trace.Add(&r)
}

func (t *tape) attached(l *line, now time.Duration) {
	if t != nil {
		state := l.state()
		t.put(trace.Record{Kind: trace.KindAttached, At: now, Line: &state})
	}
}

func (t *tape) submitted(l *line, n int, accepted bool, now time.Duration) {
	if t != nil && l.attached {
		t.put(trace.Record{Kind: trace.KindSubmitted, At: now, Feed: l.number, N: int64(n), Value: flag(accepted)})
	}
}

func (t *tape) answered(l *line, o frame.Outcome, took, now time.Duration) {
	if t != nil && l.attached {
		t.put(trace.Record{Kind: trace.KindAnswered, At: now, Feed: l.number, N: flag(o == frame.Delivered), Value: int64(took)})
	}
}

func (t *tape) asked(now, when time.Duration, why Reason) {
	if t != nil {
		t.put(trace.Record{Kind: trace.KindAsked, At: now, N: int64(why), Value: int64(when)})
	}
}

func (t *tape) batch(why Reason, batch []*entry, now time.Duration) {
	if t == nil {
		return
	}
	t.members = t.members[:0]
	for _, e := range batch {
		t.members = append(t.members, e.number)
	}
	t.put(trace.Record{Kind: trace.KindBatch, At: now, N: int64(why), Entries: t.members})
}

// entry records something that happened to an entry.
func (t *tape) entry(k trace.Kind, e *entry) {
	if t != nil {
		t.put(trace.Record{Kind: k, N: int64(e.number)})
	}
}

// line records something that happened to a feed. What happens to one that is
// detached is in its state when it comes back.
func (t *tape) line(k trace.Kind, l *line, n int, now time.Duration) {
	if t != nil && l.attached {
		t.put(trace.Record{Kind: k, At: now, Feed: l.number, N: int64(n)})
	}
}

// count records something that concerns no feed.
func (t *tape) count(k trace.Kind, n int, value time.Duration) {
	if t != nil {
		t.put(trace.Record{Kind: k, N: int64(n), Value: int64(value)})
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
