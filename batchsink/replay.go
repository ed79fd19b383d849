package batchsink

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// Replay is what came of forming the batches of a trace again.
type Replay struct {
	Header trace.Header
	// Policy is the one replayed.
	Policy string
	// Records read, over Span of time.
	Records int
	Span    time.Duration
	// Batches recorded; Different those that would have closed at another time,
	// for another reason, or with other entries.
	Batches, Different int
	// Impossible records do not fit those before them: the trace is incomplete, or
	// another version of nvpipe wrote it.
	Impossible int
	// First are the first few of both, in words.
	First []string
	// Lost records could not be kept when the trace was written. Batches formed
	// between a loss and the state recorded next are not among Batches.
	Lost int
	// Ended says whether the trace goes on until the coordinator ended; Cut,
	// whether its last line is not whole and was left out.
	Ended, Cut bool
	// Load is what was to be served, for Load.Under.
	Load *Load
}

// Same says whether every batch was formed again as it was.
func (r Replay) Same() bool { return r.Different == 0 && r.Impossible == 0 }

// mostShown is how many differences are put in words.
const mostShown = 10

// ReplayTrace forms the batches of a trace again, by the policy that made them, or
// by another if policy is not empty, and compares. Each batch is compared as it
// would be at that point of what happened: after a difference the replay goes on
// from the batch recorded. It fails on a file that is no trace, or a damaged one,
// and on a policy that does not exist; what it found until then is returned too.
func ReplayTrace(file io.Reader, policy string) (Replay, error) {
	r, err := trace.NewReader(file)
	if err != nil {
		return Replay{}, err
	}
	h := r.Header()
	if policy == "" {
		policy = h.Policy
	}
	if policies[policy] == nil {
		return Replay{}, unknownPolicy(policy)
	}
	p := &player{report: Replay{Header: h, Policy: policy, Load: &Load{header: h}}, from: -1, lanes: make([]*stage, h.Lanes)}
	for {
		one, err := r.Next()
		if err != nil {
			p.report.Ended, p.report.Cut = r.Ended(), r.Cut()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return p.report, err
		}
		p.play(one, r.Line())
	}
}

func unknownPolicy(name string) error {
	return fmt.Errorf("there is no policy %q: %s", name, strings.Join(policyNames, ", "))
}

// player drives formers with records.
type player struct {
	report Replay
	lanes  []*stage // nil before their state
	from   time.Duration
	line   int // of the file
}

// stage is one lane's former, replayed.
type stage struct {
	former former
	feeds  map[int]*line
	queue  map[uint64]*entry

	// The answer to the latest question.
	asked, when time.Duration
	why         Reason
	// instead is when the recorded former, asked the same, would have closed.
	instead time.Duration
	// early says that the batch being formed should have closed, or had closed,
	// before the latest question; in words.
	early string

	script []uint64 // entries of the recorded batch not yet taken
	wrong  string   // the first entry that would have been another's
}

func (p *player) newStage(s *trace.State) *stage {
	h := p.report.Header
	f := newFormer(shape{h.Sizes, h.Largest}, Config{Policy: p.report.Policy, MaxLatency: h.Window})
	f.restore(s)
	st := &stage{former: f, feeds: map[int]*line{}, queue: map[uint64]*entry{}, asked: -1, when: never, instead: never}
	for _, l := range st.former.lines {
		st.feeds[l.number] = l
	}
	for e := st.former.oldest; e != nil; e = e.next {
		st.queue[e.number] = e
	}
	st.former.choose = st.choose
	return st
}

func (p *player) play(r trace.Record, line int) {
	p.line = line
	p.report.Load.note(r)
	p.report.Records++
	if r.At > 0 {
		if p.from < 0 {
			p.from = r.At
		}
		p.report.Span = max(p.report.Span, r.At-p.from)
	}
	switch r.Kind {
	case trace.KindState:
		p.lanes[r.Lane] = p.newStage(r.State)
		return
	case trace.KindLost:
		p.report.Lost += int(r.N)
		clear(p.lanes)
		return
	case trace.KindServing, trace.KindEnd:
		return
	}
	s := p.lanes[r.Lane]
	if s == nil {
		p.impossible("there is no state of lane %d before", r.Lane)
		return
	}
	switch r.Kind {
	case trace.KindAsked:
		s.ask(r)
	case trace.KindBatch:
		p.batch(s, r)
	default:
		if err := s.apply(r); err != nil {
			p.impossible("%v", err)
		}
	}
}

// apply tells the former what the coordinator told it.
func (s *stage) apply(r trace.Record) error {
	f := &s.former
	switch r.Kind {
	case trace.KindAttached:
		return s.attach(r)
	case trace.KindGivenUp, trace.KindRemoved:
		e := s.queue[uint64(r.N)]
		if e == nil {
			return fmt.Errorf("entry %d is not in the queue", r.N)
		}
		if r.Kind == trace.KindGivenUp {
			f.giveUp(e)
		} else {
			s.remove(e)
		}
		return nil
	case trace.KindSwept:
		for _, e := range f.sweep(nil) {
			delete(s.queue, e.number)
		}
		return nil
	case trace.KindCost:
		if r.N < 1 || int(r.N) >= len(f.costs.by) {
			return fmt.Errorf("a call has %d entries", r.N)
		}
		f.called(int(r.N), time.Duration(r.Value))
		return nil
	case trace.KindSpent:
		f.spend(int(r.N))
		return nil
	}
	l := s.feeds[r.Feed]
	if l == nil {
		return fmt.Errorf("feed %d is not attached", r.Feed)
	}
	s.applyTo(l, r)
	return nil
}

// applyTo is what concerns a feed.
func (s *stage) applyTo(l *line, r trace.Record) {
	f := &s.former
	switch r.Kind {
	case trace.KindDetached:
		for l.head != nil { // nothing, in a trace that is whole
			s.remove(l.head)
		}
		f.detach(l)
		delete(s.feeds, l.number)
	case trace.KindSubmitted:
		accepted := r.Value == 1
		f.submitted(l, int(r.N), accepted, r.At)
		for range min(r.N, maxParts) * flag(accepted) {
			e := &entry{line: l}
			f.add(e, r.At)
			s.queue[e.number] = e
		}
	case trace.KindLeft:
		f.left(l)
	case trace.KindAnswered:
		l.rhythm.answered(r.At)
	case trace.KindBegun:
		f.begun(l, r.At)
	case trace.KindLive:
		f.setLive(l, r.N == 1, r.At)
	case trace.KindAlone:
		f.setAlone(l, r.N == 1)
	}
}

func (s *stage) attach(r trace.Record) error {
	if s.feeds[r.Line.Feed] != nil {
		return fmt.Errorf("feed %d (%s) is attached already", r.Line.Feed, r.Line.Name)
	}
	l := newLine(*r.Line)
	s.feeds[l.number] = l
	s.former.attach(l, r.At)
	return nil
}

func (s *stage) remove(e *entry) {
	s.former.remove(e)
	delete(s.queue, e.number)
}

// ask asks the former what an instance asked it. Another answer matters only if
// the time that either names passes before the next question.
func (s *stage) ask(r trace.Record) {
	s.settle(r.At)
	s.asked = r.At
	s.when, s.why = s.former.due(r.At)
	s.instead = time.Duration(r.Value)
}

// settle notes an answer that was another and mattered until now.
func (s *stage) settle(now time.Duration) {
	if max(s.when, s.asked) == max(s.instead, s.asked) || min(s.when, s.instead) > now || s.early != "" {
		return
	}
	s.early = fmt.Sprintf("when asked at %v, closes at %s (%v), not at %s", s.asked, moment(s.when), s.why, moment(s.instead))
}

func moment(when time.Duration) string {
	if when == never {
		return "no time"
	}
	return when.String()
}

// batch compares a batch with what the former makes, and leaves the former as the
// recorded one was.
func (p *player) batch(s *stage, r trace.Record) {
	p.report.Batches++
	why := Reason(r.N)
	if r.N < 0 || r.N >= int64(NumReasons) {
		p.impossible("a batch closes for reason %d", r.N)
		return
	}
	if why == ReasonStop {
		s.settle(r.At) // it was not asked
	}
	differs := s.early
	switch {
	case differs != "" || why == ReasonStop:
	case s.asked != r.At:
		differs = "nobody asked for it"
	case s.when > r.At:
		differs = fmt.Sprintf("closes at %s (%v)", moment(s.when), s.why)
	case s.why != why:
		differs = fmt.Sprintf("closes for the reason %v", s.why)
	}
	if other := s.cut(why, r.Entries); differs == "" {
		differs = other
	}
	s.asked, s.when, s.instead, s.early = -1, never, never, ""
	if differs != "" {
		p.report.Different++
		p.show("batch %d, recorded at %v with %d entries as %v: %s", p.report.Batches, r.At, len(r.Entries), why, differs)
	}
}

// cut takes the entries recorded and says what the former would have taken
// instead.
func (s *stage) cut(why Reason, entries []uint64) (differs string) {
	f := &s.former
	if differs = s.unlike(why, entries); differs != "" {
		for _, n := range entries {
			if e := s.queue[n]; e != nil {
				s.remove(e)
			}
		}
		return differs
	}
	s.script, s.wrong = entries, ""
	for _, e := range f.cut(why, nil) {
		delete(s.queue, e.number)
	}
	return s.wrong
}

// unlike says why a batch cannot be one of this former's, whoever goes first.
func (s *stage) unlike(why Reason, entries []uint64) string {
	f := &s.former
	alone, want := why == ReasonAlone, min(f.queued, f.shape.largest)
	if alone {
		want = min(f.apart, 1)
	}
	if len(entries) != want || want == 0 {
		return fmt.Sprintf("would hold %d entries", want)
	}
	next := map[*line]*entry{}
	for _, n := range entries {
		e := s.queue[n]
		if e == nil {
			return fmt.Sprintf("entry %d is not in the queue", n)
		}
		l := e.line
		if next[l] == nil {
			next[l] = l.head
		}
		if e.dead || l.alone != alone || next[l] != e {
			return fmt.Sprintf("entry %d of %s is not its next", n, l.name)
		}
		next[l] = e.behind
	}
	if alone {
		oldest := f.oldest
		for !oldest.line.alone {
			oldest = oldest.next
		}
		if oldest.number != entries[0] {
			return fmt.Sprintf("would hold entry %d of %s", oldest.number, oldest.line.name)
		}
	}
	return ""
}

// choose is the former's choice while it cuts: the line recorded, after a look at
// whom it would have chosen.
func (s *stage) choose(f *former, room int) *line {
	recorded := s.queue[s.script[0]]
	if l := f.fairest(room); l != recorded.line && s.wrong == "" {
		s.wrong = "an entry of " + recorded.line.name + " is in it"
		if l != nil {
			s.wrong += ", where one of " + l.name + " would be"
		}
	}
	s.script = s.script[1:]
	return recorded.line
}

func (p *player) impossible(format string, args ...any) {
	p.report.Impossible++
	p.show("line %d does not fit: "+format, slices.Insert(args, 0, any(p.line))...)
}

func (p *player) show(format string, args ...any) {
	if len(p.report.First) < mostShown {
		p.report.First = append(p.report.First, fmt.Sprintf(format, args...))
	}
}
