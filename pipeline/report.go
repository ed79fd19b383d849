package pipeline

import (
	"fmt"
	"time"
)

// jumpQuiet is the shortest time between two events about a stream's time.
const jumpQuiet = time.Minute

// change moves the feed into a state and reports it. Only the feed's own
// goroutine calls it.
func (f *Feed) change(to State, r Reason, text string, retryIn time.Duration) {
	now := time.Now()
	f.statusMu.Lock()
	st := &f.status
	from := st.State
	st.State, st.Reason, st.Text, st.Since, st.NextRetry = to, r, text, now, time.Time{}
	if to == BackingOff {
		st.NextRetry = now.Add(retryIn)
	}
	f.statusMu.Unlock()
	f.emit(Event{At: now, Type: StateChanged, From: from, To: to, Reason: r, Text: text, RetryIn: retryIn})
}

func (f *Feed) emit(e Event) {
	e.Feed = f.id
	if e.At.IsZero() {
		e.At = time.Now()
	}
	f.settings.OnEvent(e)
}

// note takes up what a graph says of itself.
func (f *Feed) note(s *session, e GraphEvent) {
	switch e.Kind {
	case EventDecoder:
		f.describe(func(st *Status) { st.Decoder = e.Decoder })
		f.emit(Event{Type: DecoderChosen, Text: joinText(e.Decoder, e.Text)})
	case EventCaps:
		f.describe(func(st *Status) { st.Width, st.Height = e.Width, e.Height })
	case EventLatency:
		f.describe(func(st *Status) { st.Latency = e.Latency })
	case EventTransport:
		f.agreed(e.Transport)
	case EventContinuation:
		f.endContinuation(s)
		f.emit(Event{Type: ContinuationFailed, Text: failure(&e).text})
	case EventNotice:
		f.emit(Event{Type: Notice, Text: e.Text})
	}
}

func joinText(a, b string) string {
	if b == "" {
		return a
	}
	return a + ": " + b
}

func (f *Feed) describe(set func(*Status)) {
	f.statusMu.Lock()
	defer f.statusMu.Unlock()
	set(&f.status)
}

func (f *Feed) endContinuation(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.outbox != nil {
		s.outbox.broken = true
		s.outbox.discard()
	}
}

// tellJumps reports steps of the stream's time, at most once a minute.
func (f *Feed) tellJumps(now time.Time, last bool) {
	f.mu.Lock()
	jumps := f.clock.jumps
	f.mu.Unlock()
	n := jumps - f.jumpsTold
	if n == 0 || !last && !f.jumpsAt.IsZero() && now.Sub(f.jumpsAt) < jumpQuiet {
		return
	}
	f.jumpsTold, f.jumpsAt = jumps, now
	f.emit(Event{At: now, Type: TimeJumped, Count: n, Text: fmt.Sprintf("the stream's time stepped %d times; the feed's clock went on", n)})
}

// tornDown counts and reports a step of taking a graph down that did not end.
func (f *Feed) tornDown(what string, err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	f.stats.Abandoned++
	f.mu.Unlock()
	f.emit(Event{Type: TeardownFailed, Text: fmt.Sprintf("the %s did not close: %v", what, err)})
}
