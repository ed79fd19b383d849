package governor

import "fmt"

// Load is how loaded a processor is.
type Load int

const (
	// Fine: every feed has the rate it wants.
	Fine Load = iota
	// SteppedDown: some have less.
	SteppedDown
	// BelowFloors: it cannot even serve every feed's floor; what exceeds it is
	// superseded.
	BelowFloors
)

// Kind of an event.
type Kind string

const (
	// Degraded: a feed is limited, or to less than four fifths of what the event
	// before said.
	Degraded Kind = "degraded"
	// Recovered: it is not limited any more, for some seconds or because nobody is.
	Recovered Kind = "recovered"
	// Overload: the floors do not fit. It is said once until they do again.
	Overload Kind = "overload"
	// OverloadOver: they do.
	OverloadOver Kind = "overload_over"
)

// Event is a change that somebody should know of: for each feed at most one per
// change of the processor's load, none per frame or second.
type Event struct {
	Kind Kind
	// Feed is empty for Overload and OverloadOver.
	Feed string
	// Wanted is what the feed, or all, would have; Target what they get. Frames a
	// second.
	Wanted, Target float64
	// Floor is the sum of the floors; only of Overload and OverloadOver.
	Floor float64
}

// Text is for people.
func (e Event) Text() string {
	switch e.Kind {
	case Degraded:
		return fmt.Sprintf("the processor is overloaded: %.1f frames a second instead of %.1f", e.Target, e.Wanted)
	case Recovered:
		return fmt.Sprintf("the processor keeps up again: %.1f frames a second", e.Wanted)
	case Overload:
		return fmt.Sprintf("the processor serves %.1f frames a second of %.1f wanted, less than the %.1f that min_fps promises", e.Target, e.Wanted, e.Floor)
	default:
		return fmt.Sprintf("the processor serves every feed its min_fps again: %.1f frames a second of %.1f wanted", e.Target, e.Wanted)
	}
}

// Target is what one feed is to have.
type Target struct {
	Feed string
	// FPS is its frames a second; 0: as many as it wants.
	FPS float64
}

// Report is the answer to an observation.
type Report struct {
	Load Load
	// Targets are in the order of the counts; valid until the next observation.
	Targets []Target
	Events  []Event
}

func (g *Governor) report() Report {
	r := Report{Targets: make([]Target, 0, len(g.order))}
	governed, wanted, floors := g.governed(), 0.0, 0.0
	for i, m := range g.order {
		r.Targets = append(r.Targets, Target{m.last.Feed, m.target})
		if e, ok := m.tell(governed); ok {
			r.Events = append(r.Events, e)
		}
		if m.target > 0 {
			r.Load = SteppedDown
		}
		wanted += m.wanted()
		floors += g.demands[i].least
	}
	if g.tight {
		r.Load = BelowFloors
	}
	if g.tight != g.toldTight {
		g.toldTight = g.tight
		e := Event{Kind: OverloadOver, Wanted: wanted, Target: min(g.budget, wanted), Floor: floors}
		if g.tight {
			e.Kind = Overload
		}
		r.Events = append(r.Events, e)
	}
	return r
}

// tell is the event that a feed's target is worth, if any.
func (m *member) tell(governed bool) (Event, bool) {
	e := Event{Feed: m.last.Feed, Wanted: m.wanted(), Target: m.target}
	switch {
	case m.target > 0 && (m.told == 0 || m.target < .8*m.told):
		e.Kind, m.told = Degraded, m.target
		return e, true
	case m.target == 0 && m.told > 0 && (!governed || m.free >= window):
		e.Kind, m.told = Recovered, 0
		return e, true
	}
	return e, false
}
