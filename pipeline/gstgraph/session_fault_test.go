package gstgraph

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
)

// One attempt costs one try of the password, whatever the transport: cameras
// count them.
func TestFault16_OneTryForEachAttempt(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{pipeline.TransportTCP, pipeline.TransportUDP, pipeline.TransportAuto} {
		for _, digest := range []bool{true, false} {
			cam := camera(t, testclip.H264(), rtspcam.Options{User: "u", Password: "right", DigestOnly: digest})
			r := newRecorder()
			s := rtsp(cam.URL())
			s.RTSP.Transport, s.RTSP.User, s.RTSP.Password = transport, "u", secret.New("wrong")
			g := start(t, s, pipeline.GraphSettings{}, r)
			if e := r.untilEvent(t, pipeline.EventError); e.Reason != pipeline.ReasonAuthFailed {
				t.Errorf("%s: %q: %v", transport, e.Reason, e.Err)
			}
			if err := g.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := cam.Counts().AuthFailures; n != 1 {
				t.Errorf("%s, digest %v: %d tries of the password", transport, digest, n)
			}
		}
	}
}

// Any password works, by basic and digest authentication.
func TestFault17_AnyPassword(t *testing.T) {
	t.Parallel()
	letters := []rune("abXY019 @:/%#?&=+~!$'()*,;[]{}|^`<>\"\\")
	for n := range 20 {
		password := "x"
		for range 1 + rand.IntN(20) {
			password += string(letters[rand.IntN(len(letters))])
		}
		cam := camera(t, testclip.Small(), rtspcam.Options{User: "admin", Password: password, DigestOnly: n%3 > 0, BasicOnly: n%3 == 0})
		r := newRecorder()
		s := rtsp(cam.URL())
		s.RTSP.User, s.RTSP.Password = "admin", secret.New(password)
		g := start(t, s, pipeline.GraphSettings{}, r)
		r.until(t, "an answer", func() bool {
			_, agreed := r.find(pipeline.EventTransport)
			_, failed := r.find(pipeline.EventError)
			return agreed || failed
		})
		if e, failed := r.find(pipeline.EventError); failed {
			t.Errorf("%q: %v", password, e.Err)
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Packets of another stream on the connection are left out and told, and media
// before it is asked for changes nothing. Which of two streams is the other one
// nobody knows: the one whose packets come first has the pictures.
func TestFault26_ForeignAndEarlyPackets(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]rtspcam.Faults{
		"another SSRC": {ForeignSSRC: true}, "before PLAY": {EarlyMedia: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			cam.Break(func(f *rtspcam.Faults) { *f = faults })
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
			r.until(t, "frames, or word of another stream", func() bool {
				e, told := r.find(pipeline.EventNotice)
				return r.frames() >= 30 || told && strings.Contains(e.Text, "another stream")
			})
			balanced(t, g, r)
			if e, failed := r.find(pipeline.EventError); failed {
				t.Error(e.Err)
			}
		})
	}
}

// Descriptions that are not as they should be are played, or refused with a
// reason; never more.
func TestFault23_BrokenDescriptions(t *testing.T) {
	t.Parallel()
	for _, broken := range rtspcam.BrokenSDPs() {
		t.Run(broken.Name, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			cam.Break(func(f *rtspcam.Faults) { f.EditSDP = broken.Edit })
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
			r.until(t, "frames or a reason", func() bool {
				_, failed := r.find(pipeline.EventError)
				_, ended := r.find(pipeline.EventEOS) // an end before the beginning was announced
				return failed || ended || r.frames() > 2
			})
			if e, failed := r.find(pipeline.EventError); failed {
				t.Logf("%q: %v", e.Reason, e.Err)
				if e.Reason != pipeline.ReasonUnsupported && e.Reason != pipeline.ReasonNoVideo {
					t.Errorf("%q: %v", e.Reason, e.Err)
				}
			}
			balanced(t, g, r)
		})
	}
}
