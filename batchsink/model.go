package batchsink

import (
	"cmp"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

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
