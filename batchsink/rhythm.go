package batchsink

import (
	"slices"
	"time"
)

// rhythm foretells when a feed submits next. Some feeds follow the camera's
// clock, from submission to submission; others react to their answer. Both
// intervals are followed, and the steadier one is believed.
type rhythm struct {
	nominal            time.Duration // assumed until three frames came; 0: unknown
	began              time.Duration
	lastFrame, lastEnd time.Duration // submission, answer
	arrivals           int
	byFrame, byAnswer  pace
}

// pace is an exponentially weighted mean and mean deviation.
type pace struct {
	mean, dev time.Duration
	n         int
}

const (
	// paceShift weighs a new interval 1/8: it follows a camera's change of rate
	// within a second, and one late frame hardly moves it.
	paceShift = 3
	// knownAfter is the number of arrivals after which the rhythm is believed.
	knownAfter = 3
	// wakeUp is how late even a steady feed may be, waking from idle.
	wakeUp = 250 * time.Microsecond
	// minOverdue is the least time that an expected feed is waited for once it
	// is late: a wake-up on a busy machine.
	minOverdue = time.Millisecond
)

func (p *pace) observe(gap time.Duration) {
	if p.n++; p.n == 1 {
		p.mean = gap
		return
	}
	// An outage must not teach that the camera is slow; a real change of rate
	// is learnt in a few steps.
	gap = min(gap, 4*p.mean+minOverdue)
	off := gap - p.mean
	p.mean += off >> paceShift
	p.dev += (max(off, -off) - p.dev) >> paceShift
}

// begin forgets what a reconnect has broken: when the feed was last heard of.
func (r *rhythm) begin(now time.Duration) {
	r.began, r.lastFrame, r.lastEnd = now, now, now
	r.arrivals = 0
}

// arrived: the feed submitted, successfully or not.
func (r *rhythm) arrived(now time.Duration) {
	if r.arrivals++; r.arrivals > 1 {
		r.byFrame.observe(now - r.lastFrame)
		if r.lastEnd > r.lastFrame {
			r.byAnswer.observe(now - r.lastEnd)
		}
	}
	r.lastFrame = now
}

// answered: one of the feed's tickets was settled.
func (r *rhythm) answered(now time.Duration) { r.lastEnd = now }

// next is when the next submission is expected, give or take slack, and the
// interval it follows.
func (r *rhythm) next(unknown time.Duration) (at, slack, interval time.Duration) {
	switch {
	case r.arrivals < knownAfter:
		interval = unknown
		if r.nominal > 0 {
			interval = r.nominal
		}
		return max(r.lastFrame, r.lastEnd), interval, interval
	case r.lastEnd > r.lastFrame && r.reacts():
		return r.lastEnd + r.byAnswer.mean, 2 * r.byAnswer.dev, r.byAnswer.mean
	}
	return r.lastFrame + r.byFrame.mean, 2 * r.byFrame.dev, r.byFrame.mean
}

// reacts: the feed follows its answers rather than a clock of its own.
func (r *rhythm) reacts() bool {
	return r.byAnswer.n > 1 && r.byAnswer.dev <= r.byFrame.dev
}

// after is when the feed submits again if it is answered at a moment to come.
func (r *rhythm) after(answer time.Duration) time.Duration {
	switch {
	case r.arrivals < knownAfter:
		return never
	case r.reacts():
		return answer + r.byAnswer.mean
	}
	return max(answer, r.lastFrame+r.byFrame.mean)
}

// expected says whether the line is expected to submit by deadline, and until
// when it is to be waited for: no more than one interval past its time.
func (l *line) expected(now, deadline, unknown time.Duration) (until time.Duration, ok bool) {
	if !l.live || l.alone || l.held >= l.cap {
		return 0, false
	}
	at, _, interval := l.rhythm.next(unknown)
	until = at + max(interval, minOverdue)
	return min(until, deadline), at <= deadline && now < until
}

// likelyBy appends to coming how long from now each line will have submitted
// that does so before the horizon with some certainty, nearest first. A line
// that should have is given a wake-up's time more, as if it came now.
func (f *former) likelyBy(now, horizon time.Duration, coming []time.Duration) []time.Duration {
	for _, l := range f.lines {
		if !l.live || l.alone || l.held >= l.cap || l.rhythm.arrivals < knownAfter {
			continue
		}
		at, slack, _ := l.rhythm.next(0)
		if latest := at + slack; now < latest+wakeUp && latest < horizon {
			coming = append(coming, max(0, latest-now))
		}
	}
	slices.Sort(coming)
	return coming
}
