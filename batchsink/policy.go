package batchsink

import "time"

// policy says when a batch closes that is not full, and why. It is asked only
// while an instance is free and something is queued.
type policy func(f *former, now time.Duration) (time.Duration, Reason)

var (
	policyNames = []string{"window", "fill", "eager", "adaptive"}
	policies    = map[string]policy{"window": window, "fill": fill, "eager": eager, "adaptive": adaptive}
)

// window waits for a full batch until the oldest entry is max_latency old, and
// for nothing else. For processors whose calls cost the same at any size and
// whose users would rather have the fewest calls than the soonest answer.
func window(f *former, now time.Duration) (time.Duration, Reason) {
	return f.oldestShared().submitted + f.window, ReasonDeadline
}

// fill waits like window, but only as long as another feed is expected before
// the deadline. For processors whose calls cost the same at any size.
func fill(f *former, now time.Duration) (time.Duration, Reason) {
	deadline, _ := window(f, now)
	wait := now
	for _, l := range f.lines {
		if until, ok := l.expected(now, deadline, f.window); ok {
			wait = max(wait, until)
		}
	}
	if wait >= deadline {
		return deadline, ReasonDeadline
	}
	return wait, ReasonNobody
}

// eager takes what there is as soon as an instance is free. For processors
// whose cost grows in proportion, such as most on a CPU.
func eager(_ *former, now time.Duration) (time.Duration, Reason) {
	return now, ReasonFree
}

// adaptive waits for others only when that makes answers come sooner on average,
// by the costs it has learnt. With n entries waiting and k more coming by the
// time a, during the call for the n, the choice is between
//
//	calling now: n answers after C(n), k after C(n) + C(k)
//	waiting:     all n + k after a + C(n+k)
//
// and those of the n that submit again at once wait, if it calls now, for the
// call of the k. So where cost is in proportion to size waiting never pays; where
// it is flat, it does while a < C·k/(n+k), and for feeds in a closed loop while
// a < C. Waiting that would bring the oldest entry past its latency never pays.
func adaptive(f *former, now time.Duration) (time.Duration, Reason) {
	if !f.costs.known() {
		return now, ReasonFree
	}
	n := f.queued
	callNow := f.costs.of(n)
	f.coming = f.likelyBy(now, now+callNow, f.coming[:0])
	if len(f.coming) == 0 {
		return now, ReasonFree
	}
	f.again = f.submitAgain(now, callNow, f.again[:0])
	age := now - f.oldestShared().submitted
	when, most := now, time.Duration(0)
	for i, a := range f.coming {
		k := i + 1
		if n+k > f.shape.largest {
			break
		}
		callLater, together := f.costs.of(k), a+f.costs.of(n+k)
		gain := time.Duration(n+k)*(callNow-together) + time.Duration(k)*callLater
		for _, t := range f.again {
			gain += max(0, callNow+callLater-t)
		}
		if age+together <= f.window && gain > most {
			when, most = now+a+wakeUp, gain
		}
	}
	return when, ReasonFree
}

// submitAgain appends to again how long from now the lines that have an entry
// waiting submit their next one, if a call for these takes that long.
func (f *former) submitAgain(now, call time.Duration, again []time.Duration) []time.Duration {
	for _, l := range f.lines {
		if l.head != nil && l.live && !l.alone {
			again = append(again, l.rhythm.after(now+call)-now)
		}
	}
	return again
}

// oldestShared is the first entry in order of submission that a shared batch
// may take. There is one.
func (f *former) oldestShared() *entry {
	e := f.oldest
	for e.line.alone {
		e = e.next
	}
	return e
}
