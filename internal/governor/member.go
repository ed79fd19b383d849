package governor

import "math"

// window is how many observations are remembered of a feed.
const window = 5

// Count is what became of one feed's frames at the processor so far.
type Count struct {
	Feed string
	// Weight of the feed, above 0.
	Weight float64
	// Wanted frames are those that the feed's own settings ask for, whatever its
	// target is. Served ones were processed. Lost ones the processor had no time
	// for.
	Wanted, Served, Lost uint64
}

// sample is what happened between two observations.
type sample struct{ seconds, wanted, served, lost float64 }

func (s *sample) add(o sample) {
	s.seconds += o.seconds
	s.wanted += o.wanted
	s.served += o.served
	s.lost += o.lost
}

// lossy: more than the share of what was offered is lost.
func (s sample) lossy(share float64) bool { return s.lost > share*(s.served+s.lost) }

// member is one feed.
type member struct {
	last    Count
	samples [window]sample
	n       int     // samples taken
	ceiling float64 // what it can get at most, for a reason of its own; +Inf: none
	target  float64 // 0: not limited
	told    float64 // the target of the last event; 0: none, or recovered
	free    int     // observations without a limit
}

func newMember(c Count) *member { return &member{last: c, ceiling: math.Inf(1)} }

// began: the counts are those of another life of the feed.
func (m *member) began(c Count) bool {
	return c.Wanted < m.last.Wanted || c.Served < m.last.Served || c.Lost < m.last.Lost
}

func (m *member) observe(seconds float64, c Count) {
	m.samples[m.n%window] = sample{
		seconds, float64(c.Wanted - m.last.Wanted), float64(c.Served - m.last.Served), float64(c.Lost - m.last.Lost),
	}
	m.n++
	m.last = c
}

// recent is the i-th newest sample, from 0; none: zero.
func (m *member) recent(i int) sample {
	if i >= min(m.n, window) {
		return sample{}
	}
	return m.samples[(m.n-1-i)%window]
}

// sum is that of the newest k samples.
func (m *member) sum(k int) (s sample) {
	for i := range k {
		s.add(m.recent(i))
	}
	return s
}

// wanted is the feed's own rate, in frames a second.
func (m *member) wanted() float64 {
	if s := m.sum(window); s.seconds > 0 {
		return s.wanted / s.seconds
	}
	return 0
}

// expected is the rate that the feed is to have now.
func (m *member) expected() float64 {
	if m.target > 0 {
		return m.target
	}
	return m.wanted()
}
