package pipeline

import "time"

// resetAfter is how long a connection must have delivered frames before the
// next failure starts at the short end again. A camera that breaks the
// connection after each few seconds must not be asked every second.
const resetAfter = 10 * time.Second

// A camera that has been away for longOutage is tried each longPause at the
// most: it is off, and those that are not should have the network.
const (
	longOutage = 5 * time.Minute
	longPause  = 30 * time.Second
)

// jitter spreads the attempts of cameras that failed together.
const jitter = 0.2

// ladder is the sequence of pauses for one class of failure; the last repeats.
type ladder struct {
	steps []time.Duration
	// lengthenOnly spreads upwards only: these pauses are promises to the camera.
	lengthenOnly bool
	// long is the least pause after longOutage.
	long time.Duration
}

var (
	quick = ladder{steps: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second}}
	// The camera is off or cannot be reached.
	away = ladder{steps: quick.steps, long: longPause}
	// Cameras lock an account after about five wrong passwords: never more
	// than three tries in 30 min.
	auth = ladder{steps: []time.Duration{5 * time.Second, 20 * time.Second, 30 * time.Minute}, lengthenOnly: true}
	// What is wrong will not be right in a moment.
	slow = ladder{steps: []time.Duration{time.Minute}}
	// Sessions that we left behind expire at the camera in 60 s or so.
	busy = ladder{steps: []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute}}
)

func ladderOf(r Reason) *ladder {
	switch r {
	case ReasonAuthFailed:
		return &auth
	case ReasonNotFound, ReasonNoVideo, ReasonUnsupported, ReasonUntrusted:
		return &slow
	case ReasonBusy:
		return &busy
	case ReasonLost, ReasonUnreachable, ReasonStalled:
		return &away
	}
	return &quick
}

// backoff remembers how far each class of failure has climbed, and since when
// the camera has been away. The classes climb apart from each other: an account
// is not tried more often because the network fails in between.
type backoff struct {
	taken    map[*ladder]int
	failures int       // in a row
	since    time.Time // of the first of them
}

// next is the pause after a failure now. lived is how long the connection
// delivered frames; random is 0–1.
func (b *backoff) next(now time.Time, r Reason, lived time.Duration, random float64) time.Duration {
	if b.taken == nil || lived >= resetAfter {
		b.reset()
	}
	if b.failures == 0 {
		b.since = now
	}
	b.failures++
	l := ladderOf(r)
	step := l.steps[min(b.taken[l], len(l.steps)-1)]
	b.taken[l]++
	if now.Sub(b.since) >= longOutage {
		step = max(step, l.long)
	}
	spread := jitter * (2*random - 1)
	if l.lengthenOnly {
		spread = jitter * random
	}
	return step + time.Duration(spread*float64(step))
}

func (b *backoff) reset() { *b = backoff{taken: map[*ladder]int{}} }
