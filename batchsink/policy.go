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

// adaptive waits for others only when that makes the answers come sooner on
// average, by the costs it has learnt. With n entries waiting and k more
// coming by the time a, during the call for the n, the choice is between
//
//	calling now: n answers after C(n), k after C(n) + C(k)
//	waiting:     all n + k after a + C(n+k)
//
// and waiting pays if a + C(n+k) < C(n) + C(k)·k/(n+k). Where cost is in
// proportion to size that is never so; where it is flat, it is while
// a < C·k/(n+k). Waiting that would bring the oldest entry past its latency
// never pays.
func adaptive(f *former, now time.Duration) (time.Duration, Reason) {
	if !f.costs.known() {
		return now, ReasonFree
	}
	n := f.queued
	callNow := f.costs.of(n)
	f.coming = f.likelyBy(now, now+callNow, f.coming[:0])
	age := now - f.oldestShared().submitted
	wait, most := time.Duration(0), time.Duration(0)
	for i, a := range f.coming {
		k := i + 1
		if n+k > f.shape.largest {
			break
		}
		together := a + f.costs.of(n+k)
		gain := callNow + f.costs.of(k)*time.Duration(k)/time.Duration(n+k) - together
		if age+together <= f.window && gain*time.Duration(n+k) > most {
			wait, most = a, gain*time.Duration(n+k)
		}
	}
	return now + wait, ReasonFree
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
