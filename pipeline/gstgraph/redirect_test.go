package gstgraph

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A camera may send us to another path of its own. Another host would get user
// and password, and a reader of the camera's answers a way into the network.
func TestFault24_Redirects(t *testing.T) {
	t.Parallel()
	there := camera(t, testclip.H264(), rtspcam.Options{})
	elsewhere := strings.Replace(there.URL(), "127.0.0.1", "127.0.0.2", 1)
	for name, c := range map[string]struct {
		to       string
		anywhere bool
		refused  string // what the error says; empty: frames come
	}{
		"another port":             {to: there.URL()},
		"another host":             {to: elsewhere, refused: "another host, 127.0.0.2"},
		"in circles":               {to: "", refused: "in circles"},
		"to no URL":                {to: "/stream", refused: "no RTSP URL"},
		"to another kind of URL":   {to: "http://127.0.0.1/stream", refused: "no RTSP URL"},
		"another host, as allowed": {to: "rtsp://localhost" + strings.TrimPrefix(there.URL(), "rtsp://127.0.0.1"), anywhere: true},
	} {
		t.Run(name, func(t *testing.T) {
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			if c.to == "" {
				c.to = cam.URL()
			}
			cam.Break(func(f *rtspcam.Faults) { f.Location = c.to })
			r := newRecorder()
			s := rtsp(cam.URL())
			s.RTSP.User, s.RTSP.Password = "u", secret.New("hunter2")
			s.RTSP.RedirectAnywhere = c.anywhere
			g := start(t, s, pipeline.GraphSettings{}, r)
			if c.refused == "" {
				r.untilFrames(t, 3)
				balanced(t, g, r)
				return
			}
			e := r.untilEvent(t, pipeline.EventError)
			if e.Reason != pipeline.ReasonUnsupported || !strings.Contains(e.Err.Error(), c.refused) {
				t.Errorf("%q: %v", e.Reason, e.Err)
			}
			if n := cam.Counts().Describe; n > maxRedirects+1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestRedirectNeverEndsEncryption(t *testing.T) {
	r := pipeline.RTSP{URL: "rtsps://cam.test/a", RedirectAnywhere: true}
	if err := redirectAllowed(r, "rtsp://cam.test/a"); err == nil {
		t.Error("from rtsps to rtsp")
	}
	if err := redirectAllowed(r, "rtsps://other.test/a"); err != nil {
		t.Error(err)
	}
	r.RedirectAnywhere = false
	if err := redirectAllowed(r, "rtsps://CAM.test:8322/b"); err != nil {
		t.Error(err)
	}
}
