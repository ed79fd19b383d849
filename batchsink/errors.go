package batchsink

import (
	"errors"

	"github.com/nvpipe/nvpipe/frame"
)

// Why a submission is refused. The frame and its reference are still the
// feed's. RejectedAs tells the ledger's name of each.
var (
	// ErrQueueFull: the coordinator is overloaded.
	ErrQueueFull = errors.New("batch queue is full")
	// ErrInFlight: the feed has as many entries with the coordinator as its cap allows.
	ErrInFlight = errors.New("feed has reached its in-flight cap")
	// ErrUnavailable: the coordinator has stopped, or its processor is lost and
	// being re-created, or the feed has been detached.
	ErrUnavailable = errors.New("batch coordinator is unavailable")
)

// RejectedAs is the outcome of a frame whose Submit returned err; ok is false
// when err is none of the sentinels.
func RejectedAs(err error) (o frame.Outcome, ok bool) {
	switch {
	case errors.Is(err, ErrQueueFull):
		return frame.QueueFull, true
	case errors.Is(err, ErrInFlight):
		return frame.InFlight, true
	case errors.Is(err, ErrUnavailable):
		return frame.Unavailable, true
	}
	return 0, false
}

// Why an accepted entry is settled failed or stopped, besides the processor's
// own errors.
var (
	// ErrHung: the Process call took longer than hang_timeout.
	ErrHung = errors.New("processor hung")
	// ErrNoNumber: the processor's output has a box or confidence that is NaN or
	// infinite.
	ErrNoNumber = errors.New("processor gave a box or confidence that is no number")
	// ErrDuplicate: a coordinator with this id exists.
	ErrDuplicate = errors.New("a coordinator with this processor id exists already")
)
