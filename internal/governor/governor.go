package governor

import (
	"math"
	"time"
)

const (
	// overload is the share of frames lost above which rates are lowered, calm
	// the one up to which they are raised.
	overload, calm = .1, .02
	// headroom of what was served is used: at the limit itself a queue is as full
	// as it can be.
	headroom = .95
	// judged observations are needed after a change before there is another; they
	// do not include the first, when frames of before are still under way. With
	// fewer than enough frames served in them, all that the window has.
	judged, enough = 3, 20
	// awake is what a processor serves in one observation that is not merely slow
	// when it serves nothing in the next.
	awake = 4
	// firstTry and lastTry are observations before more is tried.
	firstTry, lastTry = 5, 20
	// firstRaise and mostRaise are by how much; a processor that is idle for part
	// of the time is given more to do at once, up to mostRoom.
	firstRaise, mostRaise, mostRoom = .1, .4, 1
	// full is how busy a processor is, at least, that cannot do more.
	full = .85
	// margin: targets change by more than this, and a limit this little below
	// what a feed wants anyway is none.
	margin = .03
	// slack: floors that did not fit do again when they need less than this of the
	// budget, so that a try does not tell so.
	slack = .8
)

// Governor is of one processor. Its methods are called by one goroutine at a
// time.
type Governor struct {
	minFPS  float64
	members map[string]*member

	budget  float64 // frames a second for all feeds; +Inf: not overloaded
	raised  float64 // by how much the last change raised it; 0: it did not
	raise   float64 // how much to try next
	pause   int     // observations from a change to the next try
	settled int     // observations since the last change

	tight, toldTight bool // the floors do not fit

	observed int
	spans    [window]float64 // seconds of the newest observations
	busy     [window]float64

	order   []*member
	demands []demand
	rates   []float64
}

// New makes a governor that limits nobody yet.
func New(c Config) *Governor {
	return &Governor{
		minFPS: c.MinFPS, members: map[string]*member{},
		budget: math.Inf(1), raise: firstRaise, pause: firstTry,
	}
}

// Observe is called about once a second with the time since the call before, above
// 0; the time that the processor spent in calls that ended meanwhile; and the counts of
// all feeds that it has now, each Feed once. Feeds that are not among them are
// forgotten.
func (g *Governor) Observe(elapsed, busy time.Duration, counts []Count) Report {
	g.spans[g.observed%window] = elapsed.Seconds()
	g.busy[g.observed%window] = busy.Seconds()
	g.observed++
	g.settled++
	g.take(elapsed.Seconds(), counts)
	g.decide()
	g.assign()
	return g.report()
}

// take notes the counts. A feed seen for the first time has a rate from the next
// time on.
func (g *Governor) take(seconds float64, counts []Count) {
	g.order = g.order[:0]
	for _, c := range counts {
		m := g.members[c.Feed]
		if m == nil || m.began(c) {
			m = newMember(c)
			g.members[c.Feed] = m
		} else {
			m.observe(seconds, c)
		}
		g.order = append(g.order, m)
	}
	if len(g.members) > len(counts) {
		clear(g.members)
		for _, m := range g.order {
			g.members[m.last.Feed] = m
		}
	}
}

// decide changes the budget if the time since the last change says so.
func (g *Governor) decide() {
	k := min(g.settled-1, window)
	if k < judged {
		return
	}
	all, paused := g.sum(k)
	idle := g.busyShare(k) < full
	switch {
	case paused:
		g.settled = 0
	case all.served == 0: // an outage is no overload
	case idle: // what is lost is not lost for want of time
		if g.governed() && k == window {
			g.fill()
		}
	case all.lossy(overload) && (all.served >= enough || k == window):
		g.stepDown(k, all)
	case g.raised > 0 && all.lossy(calm) && k > judged:
		g.takeBack()
	case g.governed() && !all.lossy(calm) && k == window && g.settled > g.pause:
		g.try()
	}
}

// sum is over all feeds. paused: the processor did nothing in one observation
// and much in another, so that it was away and not too slow.
func (g *Governor) sum(k int) (all sample, paused bool) {
	least, most := math.Inf(1), 0.0
	for i := range k {
		s := sample{seconds: g.spans[(g.observed-1-i)%window]}
		for _, m := range g.order {
			o := m.recent(i)
			s.served, s.lost = s.served+o.served, s.lost+o.lost
		}
		all.add(s)
		if s.served+s.lost > 0 {
			least, most = min(least, s.served), max(most, s.served)
		}
	}
	return all, least == 0 && most >= awake
}

func (g *Governor) governed() bool {
	if !math.IsInf(g.budget, 1) {
		return true
	}
	for _, m := range g.order {
		if !math.IsInf(m.ceiling, 1) {
			return true
		}
	}
	return false
}

// stepDown makes the budget what was served, or limits the few that lose.
func (g *Governor) stepDown(k int, all sample) {
	losing, expected := 0.0, 0.0
	for _, m := range g.order {
		expected += m.expected()
		if m.sum(k).lossy(overload) {
			losing += m.expected()
		}
	}
	if g.governed() && losing < expected/2 {
		for _, m := range g.order {
			if s := m.sum(k); s.lossy(overload) {
				m.ceiling = headroom * s.served / s.seconds
			}
		}
	} else {
		g.budget = headroom * all.served / all.seconds
	}
	g.failed()
}

// failed ends a change that lowers. If it undoes a raise the next waits longer;
// else the processor is another than the one that tries have failed with.
func (g *Governor) failed() {
	if g.raised > 0 {
		g.pause = min(2*g.pause, lastTry)
	} else {
		g.pause = firstTry
	}
	g.raise, g.raised, g.settled = firstRaise, 0, 0
}

// scale multiplies what is limited.
func (g *Governor) scale(by float64) {
	g.budget *= by
	for _, m := range g.order {
		m.ceiling *= by
	}
}

func (g *Governor) takeBack() {
	g.scale(1 / (1 + g.raised))
	g.failed()
}

// try raises what is limited, until nothing is.
func (g *Governor) try() {
	if g.raised > 0 { // and it went well
		g.raise, g.pause = min(2*g.raise, mostRaise), firstTry
	}
	g.raised, g.settled = g.raise, 0
	g.scale(1 + g.raised)
	g.free()
}

// fill raises what is limited to what the processor could do in the time that it
// is idle, if batches stay as they are; they would grow, so it is no less.
func (g *Governor) fill() {
	g.raise, g.raised, g.settled, g.pause = firstRaise, 0, 0, firstTry
	g.scale(1 + min(headroom/max(g.busyShare(window), headroom/(1+mostRoom))-1, mostRoom))
	g.free()
}

// busyShare is the part of the time of k observations in which the processor was
// busy.
func (g *Governor) busyShare(k int) float64 {
	busy, all := 0.0, 0.0
	for i := range k {
		at := (g.observed - 1 - i) % window
		busy += g.busy[at]
		all += g.spans[at]
	}
	return busy / all
}

// free ends limits that limit nothing.
func (g *Governor) free() {
	wanted := 0.0
	for _, m := range g.order {
		w := m.wanted()
		wanted += w
		if m.ceiling >= w {
			m.ceiling = math.Inf(1)
		}
	}
	if g.budget >= wanted {
		g.budget = math.Inf(1)
	}
	if !g.governed() {
		g.raise, g.raised, g.pause = firstRaise, 0, firstTry
	}
}

// assign gives every feed its target. What changes little does not change.
func (g *Governor) assign() {
	g.demands = g.demands[:0]
	floors := 0.0
	for _, m := range g.order {
		w := m.wanted()
		floor := min(g.minFPS, w)
		floors += floor
		g.demands = append(g.demands, demand{m.last.Weight, floor, max(floor, min(w, m.ceiling))})
	}
	if g.tight {
		g.tight = floors > slack*g.budget
	} else {
		g.tight = floors > g.budget
	}
	g.rates = share(g.budget, g.demands, g.rates)
	for i, m := range g.order {
		m.limit(g.rates[i])
	}
}

// limit sets a feed's target to a rate, if that makes a difference.
func (m *member) limit(rate float64) {
	enough := m.wanted()
	if m.target == 0 {
		enough *= 1 - margin
	}
	switch {
	case rate >= enough*(1-1e-9):
		m.target = 0
		m.free++
		return
	case m.target == 0, math.Abs(rate-m.target) > margin*m.target:
		m.target = rate
	}
	m.free = 0
}
