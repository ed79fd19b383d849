package rtspcam

import "github.com/bluenviron/gortsplib/v5/pkg/base"

// Counts is what clients have done so far, over all the camera's life.
type Counts struct {
	// Requests received, refused ones included.
	Options, Describe, Setup, Play, GetParameter, SetParameter, Teardown int
	// AuthFailures are requests with wrong credentials; a first request
	// without any is none.
	AuthFailures int
	// Sessions are set up now; MaxSessions is the most there have been at once.
	Sessions, MaxSessions int
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

func (c *Camera) countAuthFailure() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.AuthFailures++
}

func (c *Camera) countSessions(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Sessions = n
	c.counts.MaxSessions = max(c.counts.MaxSessions, n)
}
