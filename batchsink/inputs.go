package batchsink

import (
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
	"github.com/nvpipe/nvpipe/frame"
)

// What the coordinator tells the former besides attach, detach, giveUp, sweep and
// setAlone. All that it is told goes on the tape, and nothing else changes it: so
// a tape played to another former makes the same batches.

// submitted: the feed has offered a ticket of n entries. If it was accepted, add
// follows for each.
func (f *former) submitted(l *line, n int, accepted bool, now time.Duration) {
	f.tape.submitted(l, n, accepted, now)
	l.rhythm.arrived(now)
	if accepted {
		l.held++
	}
}

// left: a ticket of the feed has left the cap.
func (f *former) left(l *line) {
	f.tape.line(trace.KindLeft, l, 0, 0)
	l.held--
}

// answered: a ticket of the feed has its answer, took after its submission.
func (f *former) answered(l *line, o frame.Outcome, took, now time.Duration) {
	f.tape.answered(l, o, took, now)
	l.rhythm.answered(now)
}

// begun: the feed's stream begins anew.
func (f *former) begun(l *line, now time.Duration) {
	f.tape.line(trace.KindBegun, l, 0, now)
	l.rhythm.begin(now)
}

// setLive: the feed means to submit, or does not.
func (f *former) setLive(l *line, live bool, now time.Duration) {
	f.tape.line(trace.KindLive, l, int(flag(live)), now)
	l.live = live
}

// called: a call of size entries, padding included, took d.
func (f *former) called(size int, d time.Duration) {
	f.tape.count(trace.KindCost, size, d)
	f.costs.observe(size, d)
}

// spend: n extra calls are made for a batch that failed.
func (f *former) spend(n int) {
	f.tape.count(trace.KindSpent, n, 0)
	f.extra.spend(n)
}

// withdraw takes out an entry that no batch will take.
func (f *former) withdraw(e *entry) {
	f.tape.entry(trace.KindRemoved, e)
	f.remove(e)
}

// ask is due, asked for an instance that is free.
func (f *former) ask(now time.Duration) (when time.Duration, why Reason) {
	f.tape.catchUp(now)
	when, why = f.due(now)
	f.tape.asked(now, when, why)
	return when, why
}

// take is cut, with the time.
func (f *former) take(why Reason, now time.Duration, into []*entry) []*entry {
	batch := f.cut(why, into)
	f.tape.batch(why, batch[len(into):], now)
	return batch
}
