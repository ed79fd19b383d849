package gstgraph

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"
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
	case a.method == "DESCRIBE" && a.code == 200:
		g.offers.describedAnew()
	case a.method == "SETUP" && a.code == 200:
		g.keeping.session(sessionTimeout(a.session))
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventTransport, Transport: transportOf(a.transport)})
	case a.method == "PLAY" && a.code == 200:
		g.keeping.begin()
	case a.code == 301 || a.code == 302:
		return g.refuseRedirect(a.location)
	}
	return false
}

// transportOf is what the camera has agreed to in SETUP.
func transportOf(header string) string {
	if header = strings.ToUpper(header); strings.Contains(header, "/TCP") || strings.Contains(header, "INTERLEAVED") {
		return pipeline.TransportTCP
	}
	return pipeline.TransportUDP
}

// refuseRedirect ends a connection whose camera sends us where nobody meant to
// go: user and password would go along.
func (g *graph) refuseRedirect(location string) bool {
	if g.redirects++; g.redirects > maxRedirects {
		g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: errors.New("the camera redirects us in circles")})
		return true
	}
	err := redirectAllowed(g.source.RTSP, location)
	if err != nil {
		g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err})
	}
	return err != nil
}

// maxRedirects of one connection are followed.
const maxRedirects = 3

func redirectAllowed(r pipeline.RTSP, location string) error {
	from, err := url.Parse(r.URL)
	if err != nil {
		return errors.New("the camera redirects us, and its own URL cannot be compared")
	}
	to, err := url.Parse(location)
	switch {
	case err != nil || to.Host == "" || to.Scheme != "rtsp" && to.Scheme != "rtsps":
		return errors.New("the camera redirects us to something that is no RTSP URL")
	case from.Scheme == "rtsps" && to.Scheme != "rtsps":
		return errors.New("the camera redirects us from rtsps to rtsp, which is not encrypted")
	case !strings.EqualFold(from.Hostname(), to.Hostname()) && !r.RedirectAnywhere:
		return fmt.Errorf("the camera redirects us to another host, %s; if that is meant, set rtsp.redirect_anywhere, or its URL", to.Hostname())
	}
	return nil
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
