package gstgraph

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
)

func camera(t *testing.T, s rtspcam.Source, o rtspcam.Options) *rtspcam.Camera {
	t.Helper()
	c := rtspcam.New(s, o)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func rtsp(url string) pipeline.Source {
	s := pipeline.DefaultSource()
	s.RTSP.URL = url
	s.RTSP.Latency = 50 * time.Millisecond
	return s
}

func TestCameraOverBothTransportsAndCodecs(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"h264", "h265"} {
		for _, transport := range []string{pipeline.TransportTCP, pipeline.TransportUDP} {
			t.Run(codec+"/"+transport, func(t *testing.T) {
				t.Parallel()
				clip := testclip.H264()
				if codec == "h265" {
					clip = testclip.H265()
				}
				cam := camera(t, clip, rtspcam.Options{})
				r := newRecorder()
				var reports, suspect atomic.Int64
				r.onFrame = func(f *frame.Frame) {
					if f.CapturedFrom == frame.FromSenderReport {
						reports.Add(1)
						if d := f.Arrived.Sub(f.Captured); d < 0 || d > time.Second {
							t.Errorf("captured %v before it arrived", d)
						}
					}
					if f.Suspect {
						suspect.Add(1)
					}
					f.Release()
				}
				s := rtsp(cam.URL())
				s.RTSP.Transport = transport
				g := start(t, s, pipeline.GraphSettings{}, r)
				r.until(t, "frames with the camera's time", func() bool { return reports.Load() >= 15 })
				c := balanced(t, g, r)
				e, _ := r.find(pipeline.EventDecoder)
				l, _ := r.find(pipeline.EventLatency)
				t.Logf("%+v, of them %d with the camera's time; %s, latency %v", c, reports.Load(), e.Decoder, l.Latency)
				if n := suspect.Load(); n > 15 {
					t.Errorf("%d of %d frames of a clean stream are suspect", n, c.Decoded)
				}
			})
		}
	}
}

func TestCameraErrorsHaveTheirReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options rtspcam.Options
		faults  rtspcam.Faults
		off     bool
		want    pipeline.Reason
	}{
		"wrong password":    {options: rtspcam.Options{User: "u", Password: "right"}, want: pipeline.ReasonAuthFailed},
		"no such path":      {faults: rtspcam.Faults{Status: map[string]int{"DESCRIBE": 404}}, want: pipeline.ReasonNotFound},
		"sessions taken":    {faults: rtspcam.Faults{Status: map[string]int{"SETUP": 453}}, want: pipeline.ReasonBusy},
		"overloaded":        {faults: rtspcam.Faults{Status: map[string]int{"DESCRIBE": 503}}, want: pipeline.ReasonBusy},
		"camera off":        {off: true, want: pipeline.ReasonUnreachable},
		"no TCP":            {options: rtspcam.Options{NoTCP: true}, want: pipeline.ReasonUnsupported},
		"audio only":        {faults: rtspcam.Faults{SDP: []byte(audioOnly)}, want: pipeline.ReasonNoVideo},
		"a codec of no use": {faults: rtspcam.Faults{SDP: []byte(vp8Only)}, want: pipeline.ReasonUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			cam := camera(t, testclip.H264(), c.options)
			cam.Break(func(f *rtspcam.Faults) { *f = c.faults })
			url := cam.URL()
			if c.off {
				cam.Stop()
			}
			r := newRecorder()
			s := rtsp(url)
			s.RTSP.User, s.RTSP.Password = "u", secret.New("wr@ng/p%w")
			start(t, s, pipeline.GraphSettings{}, r)
			e := r.untilEvent(t, pipeline.EventError)
			if e.Reason != c.want {
				t.Errorf("reason %q, want %q: %v", e.Reason, c.want, e.Err)
			}
			if strings.Contains(e.Err.Error(), "wr@ng") {
				t.Errorf("the password is shown: %v", e.Err)
			}
			t.Log(e.Err)
		})
	}
}

const sdpHead = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"

const audioOnly = sdpHead + "m=audio 0 RTP/AVP 0\r\na=control:trackID=0\r\n"

const vp8Only = sdpHead + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=control:trackID=0\r\n"

func TestCameraThatStopsIsNoticed(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	r := newRecorder()
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 5)
	cam.Stop()
	r.until(t, "an error or the end", func() bool {
		_, failed := r.find(pipeline.EventError)
		_, ended := r.find(pipeline.EventEOS)
		return failed || ended
	})
	if e, ok := r.find(pipeline.EventError); ok && e.Reason != pipeline.ReasonLost {
		t.Errorf("reason %q: %v", e.Reason, e.Err)
	}
	balanced(t, g, r)
}

// A camera that wants to be asked for something ends a session that only
// takes data; rtspsrc itself sends nothing over TCP.
func TestKeepaliveReachesTheCamera(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	r := newRecorder()
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 2)
	g.keepalive()
	n := r.frames()
	r.untilFrames(t, n+15)
	if got := cam.Counts().GetParameter; got != 1 {
		t.Errorf("%d GET_PARAMETER requests after one keep-alive", got)
	}
}
