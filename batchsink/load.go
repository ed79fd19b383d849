package batchsink

import (
	"cmp"
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

// model is a coordinator without threads, on the trace's time.
type model struct {
	patience time.Duration
	price    costs
	lanes    []*modelLane
	service  Service
	entries  int
	waits    []time.Duration
}

// modelLane is a former with instances that take what calls cost.
type modelLane struct {
	*model
	former  former
	feeds   map[int]*line
	serving int
	now     time.Duration
	busy    []modelCall // soonest to end first
}

type modelCall struct {
	end, took time.Duration
	batch     []*entry
}

func newModelLane(m *model, sh shape, c Config, r trace.Record) *modelLane {
	s := &modelLane{model: m, former: newFormer(sh, c), feeds: map[int]*line{}, serving: r.State.Serving, now: r.At}
	s.former.costs.by = append(s.former.costs.by[:0:0], r.State.Costs...)
	if len(s.former.costs.by) != len(m.price.by) {
		s.former.costs = newCosts(sh)
	}
	for _, l := range r.State.Lines {
		s.attach(l)
	}
	return s
}

// attach takes a feed as it was, but with nothing under way: those tickets are
// not the model's.
func (s *modelLane) attach(l trace.Line) {
	l.Held, l.Alone = 0, false
	line := newLine(l)
	s.feeds[l.Feed] = line
	s.former.lines = append(s.former.lines, line)
	s.former.rebound()
}

// happen lets time pass until a record, and then does what it says.
func (s *modelLane) happen(r trace.Record) {
	s.run(r.At)
	if r.Kind == trace.KindAttached && s.feeds[r.Line.Feed] == nil {
		s.attach(*r.Line)
		s.feeds[r.Line.Feed].rhythm.begin(r.At)
		return
	}
	if r.Kind == trace.KindServing {
		s.serving = int(r.N)
		return
	}
	l := s.feeds[r.Feed]
	if l == nil {
		return
	}
	switch r.Kind {
	case trace.KindDetached:
		for l.head != nil {
			s.former.remove(l.head)
		}
		s.former.detach(l)
		delete(s.feeds, l.number)
	case trace.KindLive:
		l.live = r.N == 1
	case trace.KindBegun:
		l.rhythm.begin(r.At)
	case trace.KindSubmitted:
		s.submit(l, int(min(r.N, maxParts)), r.At)
	}
}

func (s *modelLane) submit(l *line, n int, now time.Duration) {
	accepted := s.serving > 0 && l.held < l.cap
	s.former.submitted(l, n, accepted, now)
	if !accepted {
		return
	}
	t := &Ticket{submitted: now, inside: n}
	for range n {
		s.former.add(&entry{ticket: t, line: l}, now)
	}
}

// run makes the batches, and ends the calls, that come before a moment.
func (s *modelLane) run(until time.Duration) {
	for {
		s.expire()
		next, ends := never, false
		if len(s.busy) > 0 {
			next, ends = s.busy[0].end, true
		}
		if len(s.busy) < s.serving {
			if when, _ := s.former.due(s.now); when < next {
				next, ends = when, false
			}
		}
		if next == never || next > until {
			s.now = max(s.now, min(until, next))
			return
		}
		s.now = max(s.now, next)
		if ends {
			s.end()
		} else if when, why := s.former.due(s.now); when <= s.now {
			s.call(why)
		}
	}
}

// expire gives up what has waited too long.
func (s *modelLane) expire() {
	for e := s.former.oldest; e != nil && s.now >= e.submitted+s.patience; e = s.former.oldest {
		s.former.remove(e)
		s.leave(e)
	}
}

// leave is the end of an entry; done says whether of its ticket too.
func (s *modelLane) leave(e *entry) (done bool) {
	if e.ticket.inside--; e.ticket.inside > 0 {
		return false
	}
	e.line.held--
	e.line.rhythm.answered(s.now)
	return true
}

func (s *modelLane) call(why Reason) {
	batch := s.former.cut(why, nil)
	s.service.Batches++
	s.entries += len(batch)
	took := s.price.of(len(batch))
	s.busy = append(s.busy, modelCall{s.now + took, took, batch})
	slices.SortStableFunc(s.busy, func(a, b modelCall) int { return cmp.Compare(a.end, b.end) })
}

func (s *modelLane) end() {
	c := s.busy[0]
	s.busy = slices.Delete(s.busy, 0, 1)
	for _, e := range c.batch {
		if s.leave(e) {
			s.service.Delivered++
			s.waits = append(s.waits, s.now-e.ticket.submitted)
		}
	}
	s.former.called(s.former.shape.padded(len(c.batch)), c.took)
}
