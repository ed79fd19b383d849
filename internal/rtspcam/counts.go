package rtspcam

import "github.com/bluenviron/gortsplib/v5/pkg/base"

// Counts is what clients have done so far, over all the camera's life.
type Counts struct {
	// Requests received, refused ones included.
	Options, Describe, Setup, Play, GetParameter, SetParameter, Teardown int
	// AuthFailures are requests whose credentials were refused; one without any
	// is none.
	AuthFailures int
	// Sessions are set up now; MaxSessions is the most there have been at once.
	Sessions, MaxSessions int
	// Overlaps are sessions that were asked for while another one was in use,
	// refused ones included; a client that never has two makes none.
	Overlaps int
}

// Counts returns what clients have done so far.
func (c *Camera) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func (c *Camera) count(m base.Method) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := map[base.Method]*int{
		base.Options: &c.counts.Options, base.Describe: &c.counts.Describe,
		base.Setup: &c.counts.Setup, base.Play: &c.counts.Play,
		base.GetParameter: &c.counts.GetParameter, base.SetParameter: &c.counts.SetParameter,
		base.Teardown: &c.counts.Teardown,
	}[m]
	if n != nil {
		*n++
	}
}

func (c *Camera) countOverlap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Overlaps++
}

func (c *Camera) countSessions(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Sessions = n
	c.counts.MaxSessions = max(c.counts.MaxSessions, n)
}
