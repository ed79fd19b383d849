package gstgraph

import (
	"strconv"
	"strings"
	"time"
)

// answer is what a camera said to a request, before rtspsrc acts on it.
type answer struct {
	method string
	code   int
	// Headers; empty where there is none.
	session, transport, location string
}

// answer is called on the source's thread. refuse makes rtspsrc take it for a
// refusal by the camera.
func (g *graph) answer(a answer) (refuse bool) {
	switch {
	case a.method == "SETUP" && a.code == 200:
		g.keeping.session(sessionTimeout(a.session))
	case a.method == "PLAY" && a.code == 200:
		g.keeping.begin()
	}
	return false
}

// defaultSessionTimeout is the RTSP standard's, for cameras that say nothing.
const defaultSessionTimeout = time.Minute

// sessionTimeout is how long the camera keeps a session of which it hears
// nothing, by the header "ID;timeout=SECONDS".
func sessionTimeout(header string) time.Duration {
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(part, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "timeout") {
			continue
		}
		if s, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && s > 0 && s <= maxSessionSeconds {
			return time.Duration(s) * time.Second
		}
	}
	return defaultSessionTimeout
}

const maxSessionSeconds = 24 * 60 * 60
