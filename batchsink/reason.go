package batchsink

// Reason is why a batch closed.
type Reason uint8

// The reasons, in the order of Stats.Batches.
const (
	// ReasonFull: it held as many entries as the processor takes.
	ReasonFull Reason = iota
	// ReasonDeadline: its oldest entry had waited for max_latency.
	ReasonDeadline
	// ReasonNobody: nobody else was expected before the deadline.
	ReasonNobody
	// ReasonFree: an instance was free, and waiting was not going to pay.
	ReasonFree
	// ReasonStop: the coordinator is stopping.
	ReasonStop
	// ReasonAlone: a feed that poisons batches is processed alone.
	ReasonAlone

	// NumReasons is how many there are.
	NumReasons = int(ReasonAlone) + 1
)

var reasonNames = [NumReasons]string{"full", "deadline", "nobody_expected", "free", "stop", "alone"}

// String is the reason's name in metrics.
func (r Reason) String() string { return reasonNames[r] }
