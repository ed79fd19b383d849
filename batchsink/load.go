package batchsink

import (
	"errors"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// Service is how a load was, or would be, served.
type Service struct {
	// Offered frames, and those Delivered.
	Offered, Delivered int
	// Batches, and how full they were, 0–1; Fill is 0 without batches.
	Batches int
	Fill    float64
	// P50 and P99 of the time from submission to answer of those delivered; 0
	// without any.
	P50, P99 time.Duration
}

// Load is what the feeds and instances of a trace did, apart from what the former
// made of it.
type Load struct {
	header  trace.Header
	records []trace.Record
	calls   []callCost
	// broken: something was lost; the rest of the load is left out.
	broken  bool
	service Service
	entries int
	waits   []time.Duration
}

// callCost sums up the calls of one size.
type callCost struct {
	n    int64
	took time.Duration
}

// note takes from a record what is the load's.
func (l *Load) note(r trace.Record) {
	if l.broken = l.broken || r.Kind == trace.KindLost; l.broken {
		return
	}
	switch r.Kind {
	case trace.KindState, trace.KindAttached, trace.KindDetached, trace.KindLive, trace.KindBegun, trace.KindServing:
		l.records = append(l.records, r)
	case trace.KindSubmitted:
		l.service.Offered++
		l.records = append(l.records, r)
	case trace.KindCost:
		l.called(int(r.N), time.Duration(r.Value))
	case trace.KindAnswered:
		if r.N == 1 {
			l.service.Delivered++
			l.waits = append(l.waits, time.Duration(r.Value))
		}
	case trace.KindBatch:
		l.service.Batches++
		l.entries += len(r.Entries)
	}
}

func (l *Load) called(size int, took time.Duration) {
	if size < 1 || size > 1<<20 || took < 0 {
		return
	}
	if size >= len(l.calls) {
		l.calls = append(l.calls, make([]callCost, size+1-len(l.calls))...)
	}
	l.calls[size].n++
	l.calls[size].took += took
}

// Recorded is how the load was served when the trace was written.
func (l *Load) Recorded() Service { return l.service.of(l.waits, l.entries, l.header.Largest) }

// of adds the averages.
func (s Service) of(waits []time.Duration, entries, largest int) Service {
	if slices.Sort(waits); len(waits) > 0 {
		s.P50, s.P99 = waits[len(waits)/2], waits[len(waits)*99/100]
	}
	if s.Batches > 0 {
		s.Fill = float64(entries) / float64(s.Batches*largest)
	}
	return s
}

// ErrNoCalls: a load without a single call says nothing of what calls take.
var ErrNoCalls = errors.New("no call was recorded that succeeded, so it is not known what one takes")

// Under models how a policy would serve the load, by a simple model that is best
// compared with itself under the recorded policy: frames are offered when they
// were, also by feeds that would have had their answers, and offered again, at
// other times; a call of n entries takes what such calls took on average, and none
// fails. The queue is as long as need be.
func (l *Load) Under(policy string) (Service, error) {
	h := l.header
	if policies[policy] == nil {
		return Service{}, unknownPolicy(policy)
	}
	sh := shape{h.Sizes, h.Largest}
	price := newCosts(sh)
	for n, c := range l.calls {
		if c.n > 0 && n < len(price.by) {
			price.by[n] = max(c.took/time.Duration(c.n), 1)
		}
	}
	if !price.known() {
		return Service{}, ErrNoCalls
	}
	m := &model{patience: h.Patience, price: price, lanes: make([]*modelLane, h.Lanes)}
	for _, r := range l.records {
		s := m.lanes[r.Lane]
		if r.Kind == trace.KindState {
			if s == nil { // the states after it are known from what happened
				m.lanes[r.Lane] = newModelLane(m, sh, Config{Policy: policy, MaxLatency: h.Window}, r)
			}
			continue
		}
		if s != nil {
			s.happen(r)
		}
	}
	for _, s := range m.lanes {
		if s != nil {
			s.run(never)
		}
	}
	m.service.Offered = l.service.Offered
	return m.service.of(m.waits, m.entries, h.Largest), nil
}
