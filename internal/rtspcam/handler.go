package rtspcam

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtcp"

	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// handler answers the requests of one device. The RTSP server calls it on the
// goroutines of its connections and sessions.
type handler struct {
	camera  *Camera
	closing chan struct{} // closed when the device begins to close

	mu       sync.Mutex
	cast     *rtpcast.Cast // nil: the device could not be started
	conns    map[*gortsplib.ServerConn]*exchange
	sessions map[*gortsplib.ServerSession]*time.Timer // set up; the timer ends them, if there is one
	lingers  map[*gortsplib.ServerSession]*time.Timer // gone, but they still count; until the timer fires
}

func newHandler(c *Camera) *handler {
	return &handler{
		camera: c, closing: make(chan struct{}),
		conns:    map[*gortsplib.ServerConn]*exchange{},
		sessions: map[*gortsplib.ServerSession]*time.Timer{},
		lingers:  map[*gortsplib.ServerSession]*time.Timer{},
	}
}

func (h *handler) stream() *rtpcast.Cast {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cast
}

func (h *handler) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[ctx.Conn] = &exchange{}
}

func (h *handler) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, ctx.Conn)
}

func (h *handler) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.conns {
		conn.Close()
	}
	for session := range h.sessions { // over UDP they outlive their connection
		session.Close()
	}
}

// keepAlive takes what a client sent for a session; method "" is RTCP.
func (h *handler) keepAlive(session *gortsplib.ServerSession, method base.Method) {
	f := h.camera.currentFaults()
	if f.SessionTimeout == 0 || !f.isSignOfLife(method) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if timer := h.sessions[session]; timer != nil {
		timer.Reset(f.SessionTimeout)
	}
}

func (f Faults) isSignOfLife(method base.Method) bool {
	switch f.KeepAlive {
	case ByAnyRequest:
		return method != ""
	case ByReports:
		return method == ""
	default:
		return method == base.GetParameter && f.Status[string(method)] == 0
	}
}

// check is what comes before any answer: credentials and path, then the fault
// status of the method. ok: the request may go on.
func (h *handler) check(conn *gortsplib.ServerConn, req *base.Request, path string) (res *base.Response, ok bool, err error) {
	o := h.camera.options
	if o.User != "" && !h.camera.admits(req.Header["Authorization"] != nil, o.verify(conn, req)) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, false, liberrors.ErrServerAuth{}
	}
	if code := h.camera.currentFaults().Status[string(req.Method)]; code != 0 {
		return &base.Response{StatusCode: base.StatusCode(code)}, false, nil
	}
	if path != o.Path {
		return &base.Response{StatusCode: base.StatusNotFound}, false, nil
	}
	if h.stream() == nil {
		return &base.Response{StatusCode: base.StatusServiceUnavailable}, false, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, true, nil
}

func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	res, ok, err := h.check(ctx.Conn, ctx.Request, ctx.Path)
	if !ok {
		return res, nil, err
	}
	f := h.camera.currentFaults()
	switch {
	case f.Location != "":
		res.StatusCode = base.StatusFound
		res.Header = base.Header{"Location": base.HeaderValue{f.Location}}
		return res, nil, nil
	case f.SDP != nil:
		res.Body = f.SDP
		return res, nil, nil
	}
	return res, h.stream().Stream(), nil
}

func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	res, ok, err := h.check(ctx.Conn, ctx.Request, ctx.Path)
	if !ok {
		return res, nil, err
	}
	if ctx.Transport.Protocol == gortsplib.ProtocolTCP && h.camera.options.NoTCP {
		return &base.Response{StatusCode: base.StatusUnsupportedTransport}, nil, nil
	}
	if !h.addSession(ctx.Session) {
		busy := cmp.Or(base.StatusCode(h.camera.currentFaults().BusyStatus), base.StatusNotEnoughBandwidth)
		return &base.Response{StatusCode: busy}, nil, nil
	}
	return res, h.stream().Stream(), nil
}

// addSession takes a session in, unless there are too many.
func (h *handler) addSession(session *gortsplib.ServerSession) bool {
	f := h.camera.currentFaults()
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, again := h.sessions[session]; again { // SETUP of another track
		return true
	}
	if len(h.sessions) > 0 {
		h.camera.countOverlap()
	}
	if f.MaxSessions > 0 && len(h.sessions)+len(h.lingers) >= f.MaxSessions {
		return false
	}
	var timer *time.Timer
	if f.SessionTimeout > 0 {
		timer = time.AfterFunc(f.SessionTimeout, session.Close)
	}
	h.sessions[session] = timer
	h.camera.countSessions(len(h.sessions))
	return true
}

func (h *handler) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	res, ok, err := h.check(ctx.Conn, ctx.Request, ctx.Path)
	if ok {
		if conn, plain := ctx.Conn.NetConn().(*linkConn); plain && h.camera.currentFaults().EarlyMedia {
			if err := conn.inject(early()); err != nil {
				return res, err
			}
		}
		ctx.Session.OnPacketRTCPAny(func(*description.Media, rtcp.Packet) { h.keepAlive(ctx.Session, "") })
		h.stream().Play(ctx.Session)
		h.camera.played()
	}
	return res, err
}

func (h *handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	linger := h.camera.currentFaults().Linger
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cast != nil {
		h.cast.Remove(ctx.Session)
	}
	timer, known := h.sessions[ctx.Session]
	if timer != nil {
		timer.Stop()
	}
	delete(h.sessions, ctx.Session)
	h.camera.countSessions(len(h.sessions))
	var tornDown liberrors.ErrServerSessionTornDown
	if known && linger > 0 && !errors.As(ctx.Error, &tornDown) {
		h.lingers[ctx.Session] = time.AfterFunc(linger, func() { h.forget(ctx.Session) })
	}
}

func (h *handler) forget(session *gortsplib.ServerSession) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lingers, session)
}

// forgetAll ends what lingers: a camera that was off knows no sessions.
func (h *handler) forgetAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, timer := range h.lingers {
		timer.Stop()
	}
	clear(h.lingers)
}

func (h *handler) OnGetParameter(ctx *gortsplib.ServerHandlerOnGetParameterCtx) (*base.Response, error) {
	return h.parameter(ctx.Request)
}

func (h *handler) OnSetParameter(ctx *gortsplib.ServerHandlerOnSetParameterCtx) (*base.Response, error) {
	return h.parameter(ctx.Request)
}

func (h *handler) parameter(req *base.Request) (*base.Response, error) {
	if code := h.camera.currentFaults().Status[string(req.Method)]; code != 0 {
		return &base.Response{StatusCode: base.StatusCode(code)}, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// Without these two the library prints to the standard log.

func (*handler) OnDecodeError(*gortsplib.ServerHandlerOnDecodeErrorCtx) {}

func (*handler) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx) {}
