package rtspcam

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
)

// exchange is what a connection's answers depend on beside its request. Only
// the connection's own goroutine uses it.
type exchange struct {
	method base.Method
	// refreshed: credentials have been refused once because of their nonce.
	refreshed bool
}

func (h *handler) exchange(conn *gortsplib.ServerConn) *exchange {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[conn]
}

func (h *handler) OnRequest(conn *gortsplib.ServerConn, req *base.Request) {
	h.camera.count(req.Method)
	f, e := h.camera.currentFaults(), h.exchange(conn)
	e.method = req.Method
	// The library makes GStreamer wait a second for each SETUP, for the sake
	// of a bug in its publishing element.
	delete(req.Header, "User-Agent")
	if f.StaleNonce && !e.refreshed && req.Header["Authorization"] != nil {
		delete(req.Header, "Authorization") // so the client is asked again
		e.refreshed = true
	}
	h.keepAlive(conn.Session(), req.Method)
	if f.AnswerDelay > 0 {
		h.pause(f.AnswerDelay)
	}
	f.canonical(req, h.camera.options.Path, len(h.camera.currentProgram().tracks))
}

func (h *handler) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.closing:
	}
}

// canonical understands the URLs that a wrong SDP or Content-Base has led to.
func (f Faults) canonical(req *base.Request, stream string, tracks int) {
	if req.URL == nil || f.Control == nil && f.ContentBase == "" {
		return
	}
	path, root := strings.TrimSuffix(req.URL.Path, "/"), stream
	if u, err := base.ParseURL(f.ContentBase); err == nil {
		root = strings.TrimSuffix(u.Path, "/")
	}
	if f.Control != nil && req.Method == base.Setup {
		for i := range tracks {
			if want := f.controlPath(i, root); path == want || path == want+"/*" {
				req.URL.Path = stream + "/" + control(i)
				return
			}
		}
	}
	if rest, ok := strings.CutPrefix(path, root); ok {
		req.URL.Path = stream + rest
	}
}

func (f Faults) controlPath(track int, root string) string {
	c := f.Control(track)
	if u, err := base.ParseURL(c); err == nil {
		return strings.TrimSuffix(u.Path, "/")
	}
	if c == "*" {
		return root
	}
	return root + "/" + c
}

// control is what the library calls a track.
func control(track int) string { return "trackID=" + strconv.Itoa(track) }

func (h *handler) OnResponse(conn *gortsplib.ServerConn, res *base.Response) {
	f, e := h.camera.currentFaults(), h.exchange(conn)
	switch e.method {
	case base.Options, base.Teardown: // the library answers these itself
		if code := f.Status[string(e.method)]; code != 0 {
			res.StatusCode, res.StatusMessage = base.StatusCode(code), ""
		}
	case base.Describe:
		if res.StatusCode == base.StatusOK {
			f.describe(res)
		}
	}
	if res.StatusCode == base.StatusUnauthorized && f.StaleNonce {
		challenge(res.Header["WWW-Authenticate"], e.refreshed)
	}
	if f.WrongCSeq != "" && f.WrongCSeq == string(e.method) {
		res.Header["CSeq"] = base.HeaderValue{"4711"}
	}
	f.announceTimeout(res)
}

// describe spoils the answer to DESCRIBE.
func (f Faults) describe(res *base.Response) {
	if f.ContentBase != "" {
		res.Header["Content-Base"] = base.HeaderValue{f.ContentBase}
	}
	sdp := string(res.Body)
	if f.Control != nil {
		sdp = controlLine.ReplaceAllStringFunc(sdp, func(line string) string {
			track, _ := strconv.Atoi(controlLine.FindStringSubmatch(line)[1])
			return "a=control:" + f.Control(track)
		})
	}
	if f.EditSDP != nil {
		sdp = f.EditSDP(sdp)
	}
	res.Body = []byte(sdp)
}

var (
	controlLine = regexp.MustCompile(`a=control:trackID=(\d+)`)
	nonce       = regexp.MustCompile(`nonce="[^"]*"`)
)

// challenge hands out a nonce that is already old, and the second time the
// right one.
func challenge(values base.HeaderValue, again bool) {
	for i, v := range values {
		switch {
		case !strings.HasPrefix(v, "Digest"):
		case again:
			values[i] += ", stale=TRUE"
		default:
			values[i] = nonce.ReplaceAllString(v, `nonce="0123456789abcdef0123456789abcdef"`)
		}
	}
}

// announceTimeout says the session timeout that is really kept.
func (f Faults) announceTimeout(res *base.Response) {
	var header headers.Session
	if f.SessionTimeout == 0 || header.Unmarshal(res.Header["Session"]) != nil {
		return
	}
	seconds := uint(max(f.SessionTimeout/time.Second, 1))
	header.Timeout = &seconds
	res.Header["Session"] = header.Marshal()
}
