package rtspcam

import "time"

// account is what a camera remembers of wrong passwords.
type account struct {
	wrong  int // in a row
	locked time.Time
}

// admits decides on a request whose credentials, if there are any, are right
// or not.
func (c *Camera) admits(given, right bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	locked := time.Now().Before(c.account.locked)
	if right && !locked {
		c.account.wrong = 0
		return true
	}
	if !given {
		return false
	}
	c.counts.AuthFailures++
	if locked {
		return false
	}
	c.account.wrong++
	if c.faults.LockAfter > 0 && c.account.wrong >= c.faults.LockAfter {
		c.account = account{locked: time.Now().Add(c.faults.LockFor)}
	}
	return false
}
