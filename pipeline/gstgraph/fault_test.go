package gstgraph

import (
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// The tests are named after rows of the fault catalogue. The cameras are real
// RTSP servers on loopback, their times a fraction of the true ones.

// Cameras end sessions of which they hear nothing, and RTCP is nothing to some.
func TestFault21_KeepAlive(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{pipeline.TransportTCP, pipeline.TransportUDP} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			cam.Break(func(f *rtspcam.Faults) { f.SessionTimeout = 4 * time.Second })
			r := newRecorder()
			s := rtsp(cam.URL())
			s.RTSP.Transport = transport
			g := start(t, s, pipeline.GraphSettings{}, r)
			r.until(t, "requests over more than that time", func() bool { return cam.Counts().GetParameter >= 4 })
			balanced(t, g, r)
			if e, failed := r.find(pipeline.EventError); failed {
				t.Errorf("the connection broke: %v", e.Err)
			}
			if n := cam.Counts().MaxSessions; n != 1 {
				t.Errorf("%d sessions", n)
			}
		})
	}
}

// One that refuses the request is not asked again, and the log says so once.
func TestFault21_KeepAliveIsRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 405, 454, 501} {
		cam := camera(t, testclip.H264(), rtspcam.Options{})
		cam.Break(func(f *rtspcam.Faults) { f.Status = map[string]int{"GET_PARAMETER": code} })
		r := newRecorder()
		g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
		r.untilFrames(t, 2)
		for range 3 {
			g.keepalive()
			r.untilFrames(t, r.frames()+10)
		}
		if got := cam.Counts().GetParameter; got != 1 {
			t.Errorf("%d: %d requests to a camera that refuses them", code, got)
		}
		e := r.untilEvent(t, pipeline.EventNotice)
		if !strings.Contains(e.Text, "GET_PARAMETER") {
			t.Errorf("%d: the notice is %q", code, e.Text)
		}
		balanced(t, g, r)
		if e, failed := r.find(pipeline.EventError); failed {
			t.Errorf("%d: the connection broke: %v", code, e.Err)
		}
	}
}
