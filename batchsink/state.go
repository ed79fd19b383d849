package batchsink

import (
	"slices"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// state is everything the former knows, but for its scratch and figures.
func (f *former) state() trace.State {
	s := trace.State{
		Added: f.added, Batches: f.batches, Virtual: f.virtual, Extra: f.extra.calls,
		Costs: slices.Clone(f.costs.by),
	}
	for _, l := range f.lines {
		s.Lines = append(s.Lines, l.state())
	}
	for e := f.oldest; e != nil; e = e.next {
		s.Queue = append(s.Queue, trace.Entry{Number: e.number, Feed: e.line.number, Submitted: e.submitted, By: e.by, Dead: e.dead})
	}
	return s
}

func (l *line) state() trace.Line {
	r := &l.rhythm
	return trace.Line{
		Feed: l.number, Name: l.name, Cap: l.cap, Depth: l.depth, Weight: l.weight,
		Live: l.live, Alone: l.alone, Held: l.held, Pass: l.pass,
		Rhythm: trace.Rhythm{
			Nominal: r.nominal, Began: r.began, LastFrame: r.lastFrame, LastEnd: r.lastEnd, Arrivals: r.arrivals,
			ByFrame: r.byFrame.state(), ByAnswer: r.byAnswer.state(),
		},
	}
}

func newLine(s trace.Line) *line {
	r := s.Rhythm
	return &line{
		number: s.Feed, name: s.Name, cap: s.Cap, depth: s.Depth, weight: s.Weight,
		live: s.Live, alone: s.Alone, held: s.Held, pass: s.Pass,
		rhythm: rhythm{
			nominal: r.Nominal, began: r.Began, lastFrame: r.LastFrame, lastEnd: r.LastEnd, arrivals: r.Arrivals,
			byFrame: newPace(r.ByFrame), byAnswer: newPace(r.ByAnswer),
		},
	}
}

func (p pace) state() trace.Pace { return trace.Pace{Mean: p.mean, Dev: p.dev, N: p.n} }

func newPace(s trace.Pace) pace { return pace{s.Mean, s.Dev, s.N} }

// restore brings a new former to a state that was recorded.
func (f *former) restore(s *trace.State) {
	f.added, f.batches, f.virtual, f.extra.calls = s.Added, s.Batches, s.Virtual, s.Extra
	copy(f.costs.by, s.Costs)
	lines := map[int]*line{}
	for _, l := range s.Lines {
		line := newLine(l)
		line.attached = true
		lines[l.Feed] = line
		f.lines = append(f.lines, line)
	}
	f.rebound()
	for _, q := range s.Queue {
		f.requeue(&entry{line: lines[q.Feed], number: q.Number, submitted: q.Submitted, by: q.By, dead: q.Dead, queued: true})
	}
}

// requeue puts an entry behind all others without promising it anything.
func (f *former) requeue(e *entry) {
	f.link(e)
	if e.dead {
		f.dead++
	} else {
		*f.count(e.line)++
	}
}
