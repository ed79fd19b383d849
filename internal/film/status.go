package film

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rotate"
)

// Reason says why a packet was dropped.
type Reason uint8

const (
	// QueueFull: the disk is slower than the film; up to the next keyframe.
	QueueFull Reason = iota
	// NotWritable: the disk refuses.
	NotWritable
	// NoKeyframe: a file cannot begin with it.
	NoKeyframe
	// Malformed: not an H.264 access unit, or one that no file is large enough for.
	Malformed
	// Ended: the film is closed.
	Ended

	numReasons = int(Ended) + 1
)

var reasonNames = [numReasons]string{"queue_full", "not_writable", "no_keyframe", "malformed", "ended"}

// String is the reason's name in metrics and logs.
func (r Reason) String() string {
	if int(r) < numReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Kind is what an Event is about.
type Kind string

// The kinds.
const (
	// StateChanged: State and Err say how the film is now; Err names the path
	// and what to do.
	StateChanged Kind = "state"
	// Opened and Closed: the file at Path; Count packets are in a closed one.
	Opened Kind = "opened"
	Closed Kind = "closed"
	// Dropped: Count packets for Reason, since the last report.
	Dropped Kind = "dropped"
	// Lost: Count packets were waiting when the film had to be given up.
	Lost Kind = "lost"
)

// Event is something that an operator may want to know about a film.
type Event struct {
	Kind   Kind
	Feed   frame.FeedID
	Path   string
	State  string
	Err    error
	Reason Reason
	Count  uint64
	// Length of a closed file.
	Length time.Duration
}

// Status is how a Writer is.
type Status struct {
	// State is "ok", "stalled" or the class of the trouble; Err is the last
	// error while it is not over.
	State string
	Err   error
	// Every packet is one of these: with the disk, dropped for a reason (by
	// String), on its way, or given up with a disk that hung.
	Written uint64
	Dropped map[string]uint64
	Waiting uint64
	Lost    uint64
	// Files and Bytes are what is on disk, Removed the files that had to go.
	rotate.Stats
}

// Status is never held up by the disk.
func (w *Writer) Status() Status {
	s := Status{
		Written: w.written.Load(),
		Dropped: make(map[string]uint64, numReasons),
		Waiting: uint64(w.queue.waiting()),
		Lost:    w.lost.Load(),
		Stats:   *w.stats.Load(),
	}
	for r := range w.dropped {
		s.Dropped[Reason(r).String()] = w.dropped[r].Load()
	}
	s.State, s.Err = w.health.State()
	return s
}
