package rtspout

import (
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/nvpipe/nvpipe/frame"
)

// handler answers viewers. The RTSP library calls it on the goroutines of
// connections and sessions.
type handler struct {
	server *Server

	mu      sync.Mutex
	conns   int
	viewers map[*gortsplib.ServerSession]*viewer // set up
}

// viewer is one session.
type viewer struct {
	stream  *Stream
	socket  *socket
	playing bool
	cut     bool
}

func newHandler(s *Server) *handler {
	return &handler{server: s, viewers: map[*gortsplib.ServerSession]*viewer{}}
}

const (
	// firstRequestTimeout: the library itself waits for ever for the first bytes.
	firstRequestTimeout = 10 * time.Second
	// Connections beyond the viewers: those that only ask, or are just leaving.
	spareConns = 16
)

func (h *handler) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	h.mu.Lock()
	h.conns++
	full := h.conns > 2*h.server.cfg.MaxViewers+spareConns
	h.mu.Unlock()
	if full {
		ctx.Conn.Close()
		return
	}
	// An error here shows again with the first read.
	_ = ctx.Conn.NetConn().SetReadDeadline(time.Now().Add(firstRequestTimeout))
}

func (h *handler) OnConnClose(*gortsplib.ServerHandlerOnConnCloseCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns--
}

func (h *handler) OnRequest(_ *gortsplib.ServerConn, req *base.Request) {
	// The library makes GStreamer wait a second for each SETUP, for the sake
	// of a bug in its publishing element; here nobody publishes.
	delete(req.Header, "User-Agent")
}

// find checks credentials and finds the stream; nil: res says why not.
func (h *handler) find(conn *gortsplib.ServerConn, req *base.Request, path string) (st *Stream, res *base.Response, err error) {
	c := h.server.cfg
	feed := frame.FeedID(strings.Trim(path, "/"))
	if !c.allowed(conn, req) {
		if req.Header["Authorization"] != nil {
			h.server.hooks.event(Event{Kind: AuthFailed, Viewer: conn.NetConn().RemoteAddr().String()})
		}
		return nil, &base.Response{StatusCode: base.StatusUnauthorized}, liberrors.ErrServerAuth{}
	}
	if st = h.server.stream(feed); st == nil {
		return nil, &base.Response{StatusCode: base.StatusNotFound}, nil
	}
	return st, &base.Response{StatusCode: base.StatusOK}, nil
}

func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	st, res, err := h.find(ctx.Conn, ctx.Request, ctx.Path)
	if st == nil {
		return res, nil, err
	}
	return res, st.cast.Stream(), nil
}

func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	st, res, err := h.find(ctx.Conn, ctx.Request, ctx.Path)
	if st == nil {
		return res, nil, err
	}
	v := &viewer{stream: st, socket: ctx.Conn.NetConn().(*socket)}
	if res.StatusCode = h.admit(ctx.Session, v); res.StatusCode == base.StatusNotEnoughBandwidth {
		st.counts.refused.Add(1)
		h.event(ViewerRefused, v)
	}
	return res, st.cast.Stream(), nil
}

// admit takes a session in, unless there are too many.
func (h *handler) admit(session *gortsplib.ServerSession, v *viewer) base.StatusCode {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.viewers[session]; known != nil {
		// A feed that was removed and added again has another stream; the
		// library panics when a session asks for that one too.
		if known.stream != v.stream {
			return base.StatusSessionNotFound
		}
		return base.StatusOK
	}
	same := 0
	for _, other := range h.viewers {
		if other.stream == v.stream {
			same++
		}
	}
	c := h.server.cfg
	if len(h.viewers) >= c.MaxViewers || same >= c.MaxViewersPerFeed {
		return base.StatusNotEnoughBandwidth
	}
	h.viewers[session] = v
	return base.StatusOK
}

func (h *handler) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	h.mu.Lock()
	v := h.viewers[ctx.Session]
	again := v == nil || v.playing
	if !again {
		v.playing = true
	}
	h.mu.Unlock()
	if !again {
		h.event(ViewerJoined, v)
		v.stream.join(ctx.Session)
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *Stream) join(session *gortsplib.ServerSession) {
	s.cast.Play(session)
	s.viewers.Add(1)
	select {
	case s.joined <- struct{}{}:
	default:
	}
	s.hooks.demand(s.feed)
}

// cut ends a viewer whose queue is full. It is called by the stream's goroutine.
func (h *handler) cut(session *gortsplib.ServerSession) {
	h.mu.Lock()
	if v := h.viewers[session]; v != nil {
		v.cut = true
	}
	h.mu.Unlock()
	session.Close()
}

func (h *handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	h.mu.Lock()
	v := h.viewers[ctx.Session]
	delete(h.viewers, ctx.Session)
	h.mu.Unlock()
	if v == nil || !v.playing {
		return
	}
	v.stream.cast.Remove(ctx.Session)
	v.stream.viewers.Add(-1)
	kind := ViewerLeft
	if v.cut || v.socket.stalled.Load() || errors.Is(ctx.Error, os.ErrDeadlineExceeded) {
		kind = ViewerCut
		v.stream.counts.cut.Add(1)
	}
	h.event(kind, v)
}

func (h *handler) event(kind EventKind, v *viewer) {
	h.server.hooks.event(Event{Kind: kind, Feed: v.stream.feed, Viewer: v.socket.RemoteAddr().String()})
}

// Without these two the library prints to the standard log.

func (*handler) OnDecodeError(*gortsplib.ServerHandlerOnDecodeErrorCtx) {}

func (*handler) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx) {}
