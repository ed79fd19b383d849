package rtspcam

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
)

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

// verify checks a request's credentials by any method that is offered.
func (o Options) verify(conn *gortsplib.ServerConn, req *base.Request) bool {
	// The library takes no basic credentials whose password has a colon.
	right := conn.VerifyCredentials(req, o.User, o.Password)
	return right || !o.DigestOnly && o.isBasic(req.Header["Authorization"])
}

func (o Options) isBasic(header base.HeaderValue) bool {
	if len(header) != 1 {
		return false
	}
	encoded, basic := strings.CutPrefix(header[0], "Basic ")
	credentials, err := base64.StdEncoding.DecodeString(encoded)
	return basic && err == nil && string(credentials) == o.User+":"+o.Password
}
