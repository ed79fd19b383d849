package batchsink

import (
	"math/bits"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// A feed whose frames keep failing whole batches is processed alone for a while,
// so that it harms itself only.

const (
	// poisonLimit frames that failed whole batches within poisonMemory of each
	// other have the feed processed alone for aloneFor.
	poisonLimit  = 3
	poisonMemory = time.Minute
	aloneFor     = 30 * time.Second
)

// poisoned: a frame of the feed has failed its batch. mu is held.
func (h *Handle) poisoned(f *feed, now time.Duration) {
	l := &f.line
	if now > l.poisonedAt+poisonMemory {
		l.poison = 0
	}
	l.poison++
	l.poisonedAt = now
	if l.poison < poisonLimit || l.alone || f.port == nil {
		return
	}
	f.lane.former.setAlone(l, true)
	l.until = now + aloneFor
	h.arm(l.until)
	h.post(Event{Kind: FeedIsolated, Feed: f.id,
		Text: "frames of this feed keep failing whole batches; they are processed alone for " + aloneFor.String()})
}

// readmit lets feeds back into the shared batches when their time alone is
// over, and returns when the next one's is. mu is held.
func (h *Handle) readmit(now time.Duration) time.Duration {
	next := never
	for _, f := range h.feeds {
		switch l := &f.line; {
		case !l.alone:
		case l.until > now:
			next = min(next, l.until)
		default:
			f.lane.former.setAlone(l, false)
			l.poison = poisonLimit - 1 // one more, and it is alone again
			f.lane.poke(now).signal()
		}
	}
	return next
}

// allowance limits calls that are made because of bad frames, retries and
// batches of one feed alone, to one in four in the long run: each shared batch
// earns a third of one. Saved up is at most what it takes to find a feed that
// poisons its batches.
type allowance struct{ calls, most float64 }

func newAllowance(batchSize int) allowance {
	most := float64(max(1, poisonLimit*splitCalls(batchSize)))
	return allowance{most, most}
}

func (a *allowance) earn()             { a.calls = min(a.most, a.calls+1.0/3) }
func (a *allowance) enough(n int) bool { return a.calls >= float64(n) }
func (a *allowance) spend(n int)       { a.calls = max(0, a.calls-float64(n)) }

// splitCalls is the most extra calls that one failed batch of n may cost:
// 2·⌈log₂ n⌉, which finds one bad frame.
func splitCalls(n int) int { return 2 * bits.Len(uint(max(0, n-1))) }

// dueAlone is when an entry of a feed that is processed alone has its turn:
// when the allowance covers it, or when every other feed has fallen silent.
func (f *former) dueAlone(now time.Duration) time.Duration {
	switch {
	case f.apart == 0:
		return never
	case f.extra.enough(1):
		return now
	}
	turn := now
	for _, l := range f.lines {
		if l.alone {
			continue
		}
		if l.held > 0 {
			return never // to be asked again after its batch
		}
		if until, ok := l.expected(now, now+silence, f.window); ok {
			turn = max(turn, until)
		}
	}
	return turn
}

// silence is how far off a feed's next frame is if the feed does not count as
// kept waiting by another's batches of one.
const silence = time.Second

// takeAlone removes the oldest entry of a feed that is processed alone.
func (f *former) takeAlone() *entry {
	e := f.oldest
	for !e.line.alone {
		e = e.next
	}
	f.remove(e)
	return e
}

// setAlone moves a line out of the shared batches, or back; what it has queued is
// then promised anew.
func (f *former) setAlone(l *line, alone bool) {
	f.tape.line(trace.KindAlone, l, int(flag(alone)), 0)
	living := 0
	for e := l.head; e != nil; e = e.behind {
		f.promise(e)
		if !e.dead {
			living++
		}
	}
	*f.count(l) -= living
	l.alone = alone
	*f.count(l) += living
}
