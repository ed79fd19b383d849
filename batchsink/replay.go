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
	// Load is what was to be served, for Load.Under; nil if no policy was given.
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
	var load *Load
	if policy == "" {
		policy = h.Policy
	} else {
		load = &Load{header: h}
	}
	if policies[policy] == nil {
		return Replay{}, unknownPolicy(policy)
	}
	p := &player{report: Replay{Header: h, Policy: policy, Load: load}, from: -1, lanes: make([]*stage, h.Lanes)}
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
	if p.report.Load != nil {
		p.report.Load.note(r)
	}
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

func (p *player) impossible(format string, args ...any) {
	p.report.Impossible++
	p.show("line %d does not fit: "+format, slices.Insert(args, 0, any(p.line))...)
}

func (p *player) show(format string, args ...any) {
	if len(p.report.First) < mostShown {
		p.report.First = append(p.report.First, fmt.Sprintf(format, args...))
	}
}
