package rtspout

import (
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
)

// allowed checks a request's credentials, if any are needed.
func (c Config) allowed(conn *gortsplib.ServerConn, req *base.Request) bool {
	// The library takes no basic credentials whose password has a colon.
	return c.User == "" || conn.VerifyCredentials(req, c.User, c.Password.Reveal()) || c.isBasic(req.Header["Authorization"])
}

func (c Config) isBasic(header base.HeaderValue) bool {
	if len(header) != 1 {
		return false
	}
	encoded, basic := strings.CutPrefix(header[0], "Basic ")
	given, err := base64.StdEncoding.DecodeString(encoded)
	want := c.User + ":" + c.Password.Reveal()
	return basic && err == nil && subtle.ConstantTimeCompare(given, []byte(want)) == 1
}
