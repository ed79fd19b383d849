package client

import "time"

// health decides whether an endpoint is in use. It is passive: somebody else
// keeps the time.
type health struct {
	out bool
	// failures in a row, and outages without a good call between them.
	failures, outages int
	// reason of the last failure.
	reason error
}

const (
	// failuresToLeave forgives what a short break of the network does to one
	// call and its retry.
	failuresToLeave = 3
	firstPause      = time.Second
	longestPause    = 30 * time.Second
)

// succeeded: a call came back well. One that was under way when the endpoint
// went out of use does not bring it back.
func (h *health) succeeded() {
	if !h.out {
		*h = health{}
	}
}

// failed: a call did not; at once: no further one would. It reports whether the
// endpoint goes out of use now.
func (h *health) failed(reason error, atOnce bool) bool {
	h.failures++
	h.reason = reason
	// One that is back has to show first that it can do more than say so.
	if h.out || !atOnce && h.outages == 0 && h.failures < failuresToLeave {
		return false
	}
	h.leave(reason)
	return true
}

// leave: the endpoint is out of use, possibly still.
func (h *health) leave(reason error) {
	h.out, h.reason = true, reason
	h.outages++
}

// back: the endpoint said that it is ready. Until a call succeeds another
// outage is a longer one, so that one that only says so does not cost a call
// each second.
func (h *health) back() { h.out, h.failures = false, 0 }

// pause is how long to leave the endpoint alone. jitter is 0–1, so that the
// programs that lost a server do not all come back at the same moment.
func (h *health) pause(jitter float64) time.Duration {
	p := min(firstPause<<min(max(h.outages-1, 0), 10), longestPause)
	return time.Duration(float64(p) * (0.75 + jitter/2))
}
