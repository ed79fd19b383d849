package batchsink

import (
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// former decides which entries make the next batch and when it closes. It is
// passive: no goroutine, no lock, no clock. The coordinator tells it what
// happened and when, and asks; the same inputs give the same batches.
type former struct {
	shape  shape
	window time.Duration // how long the oldest entry may wait, or its target
	policy policy
	// choose picks the line whose head goes next; fair but for tests.
	choose func(f *former, room int) *line
	costs  costs
	lines  []*line

	oldest, newest *entry // everything queued, in order of submission
	queued         int    // entries that a shared batch may take
	dead           int    // entries still queued that nobody waits for
	apart          int    // entries of lines that are processed alone

	added   uint64  // entries so far
	batches uint64  // shared batches cut
	virtual float64 // the pass at which the latest shared entry was taken
	extra   allowance
	urgency urgency

	coming, again []time.Duration // scratch of the policies

	tape *tape // nil: nothing is recorded
}

func newFormer(s shape, c Config) former {
	return former{
		shape: s, window: c.latency(), policy: policies[c.Policy], choose: (*former).fairest,
		costs: newCosts(s), extra: newAllowance(s.largest),
	}
}

// attach adds a line. It starts level with the others: nothing to catch up.
func (f *former) attach(l *line, now time.Duration) {
	f.tape.attached(l, now)
	l.attached = true
	l.pass = max(l.pass, f.virtual)
	l.rhythm.begin(now)
	f.lines = append(f.lines, l)
	f.rebound()
}

// detach removes a line whose entries have all been removed.
func (f *former) detach(l *line) {
	f.tape.line(trace.KindDetached, l, 0, 0)
	l.attached = false
	for i, other := range f.lines {
		if other == l {
			f.lines = append(f.lines[:i], f.lines[i+1:]...)
			break
		}
	}
	f.rebound()
}

// add queues an entry behind those of its line.
func (f *former) add(e *entry, now time.Duration) {
	l := e.line
	f.added++
	e.number, e.submitted, e.queued, e.dead = f.added, now, true, false
	f.promise(e)
	if l.head == nil {
		l.pass = max(l.pass, f.virtual-credit/l.weight)
	}
	f.link(e)
	*f.count(l)++
}

// link puts an entry behind all others, and those of its line.
func (f *former) link(e *entry) {
	l := e.line
	e.prev, e.next, e.behind = f.newest, nil, nil
	if f.newest == nil {
		f.oldest = e
	} else {
		f.newest.next = e
	}
	f.newest = e
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.behind = e
	}
	l.tail = e
	l.length++
}

// count is where the living entries of a line are counted.
func (f *former) count(l *line) *int {
	if l.alone {
		return &f.apart
	}
	return &f.queued
}

// giveUp: nobody waits for a queued entry any more. It keeps its place until
// sweep reaches it.
func (f *former) giveUp(e *entry) {
	if !e.dead {
		f.tape.entry(trace.KindGivenUp, e)
		e.dead = true
		f.dead++
		*f.count(e.line)--
	}
}

// sweep removes the entries nobody waits for and appends them to into.
func (f *former) sweep(into []*entry) []*entry {
	if f.dead == 0 {
		return into
	}
	f.tape.count(trace.KindSwept, 0, 0)
	for e := f.oldest; e != nil && f.dead > 0; {
		next := e.next
		if e.dead {
			f.remove(e)
			into = append(into, e)
		}
		e = next
	}
	return into
}

// remove takes a queued entry out.
func (f *former) remove(e *entry) {
	if e.dead {
		f.dead--
	} else {
		*f.count(e.line)--
	}
	if e.prev == nil {
		f.oldest = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		f.newest = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.line.unlink(e)
	e.queued, e.prev, e.next, e.behind = false, nil, nil, nil
}

// due says when the next batch closes and why, if nothing else happens; never
// if there is nothing to wait for. It is asked when an instance is free, since
// no batch is cut before, and after sweep, as cut is: neither meets dead
// entries.
func (f *former) due(now time.Duration) (when time.Duration, why Reason) {
	alone := f.dueAlone(now)
	switch {
	case alone <= now:
		return now, ReasonAlone
	case f.queued == 0:
		return alone, ReasonAlone
	case f.queued >= f.shape.largest:
		return now, ReasonFull
	}
	if when, why = f.policy(f, now); alone < when {
		return alone, ReasonAlone
	}
	return when, why
}

// cut takes the next batch for the reason given by due and appends it to into.
func (f *former) cut(why Reason, into []*entry) []*entry {
	if why == ReasonAlone {
		f.extra.spend(1)
		return append(into, f.takeAlone())
	}
	f.batches++
	f.extra.earn()
	f.urgency.begin(f, f.shape.largest)
	for room := min(f.shape.largest, f.queued); room > 0; room-- {
		l := f.choose(f, room)
		e := l.head
		f.urgency.took(f, e)
		f.remove(e)
		f.virtual = max(f.virtual, l.pass)
		l.pass += 1 / l.weight
		l.run = 0
		into = append(into, e)
	}
	f.countPassedOver(into)
	return into
}

// countPassedOver notes which feeds had an entry waiting and nothing in batch.
func (f *former) countPassedOver(batch []*entry) {
	if f.queued == 0 {
		return
	}
	for _, l := range f.lines {
		if l.head == nil || l.alone {
			continue
		}
		taken := false
		for _, e := range batch {
			taken = taken || e.line == l
		}
		if !taken {
			l.passedOver++
			l.run++
			l.longestRun = max(l.longestRun, l.run)
		}
	}
}
