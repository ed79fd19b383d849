package frame

import (
	"fmt"
	"strings"
)

// Outcome is what became of a decoded frame at one processor. Every frame that
// leaves the decoder has exactly one for each processor of its feed; their
// counts add up to the frames decoded.
type Outcome uint8

const (
	// Delivered: the processor's output came back to the feed.
	Delivered Outcome = iota
	// Superseded: a newer frame took its place in the feed's slot.
	Superseded
	// Skipped: not to be inferred (rate, gate, suspect picture).
	Skipped
	// QueueFull: the coordinator is overloaded.
	QueueFull
	// InFlight: the feed has as many entries with the coordinator as it may.
	InFlight
	// Unavailable: the coordinator has stopped, died, or is being re-created.
	Unavailable
	// Timeout: no answer in time.
	Timeout
	// Failed: the processor failed it, or its batch, or panicked, or hung.
	Failed
	// Stopped: the feed or the coordinator shut down first.
	Stopped

	// NumOutcomes is how many outcomes there are, for arrays indexed by Outcome.
	NumOutcomes = int(Stopped) + 1
)

var outcomeNames = [NumOutcomes]string{
	"delivered", "superseded", "skipped", "queue_full", "in_flight",
	"unavailable", "timeout", "failed", "stopped",
}

// String is the outcome's name in metrics, events and logs.
func (o Outcome) String() string {
	if int(o) < NumOutcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// Outcomes lists every outcome in order.
func Outcomes() [NumOutcomes]Outcome {
	var all [NumOutcomes]Outcome
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}

// Ledger counts outcomes; index it by Outcome.
type Ledger [NumOutcomes]uint64

// Sum is the number of frames that have an outcome.
func (l Ledger) Sum() uint64 {
	var n uint64
	for _, c := range l {
		n += c
	}
	return n
}

// String lists the outcomes that happened: "delivered 41, skipped 2".
func (l Ledger) String() string {
	var parts []string
	for o, n := range l {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%v %d", Outcome(o), n))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}
