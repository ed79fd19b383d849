package batchsink

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

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
