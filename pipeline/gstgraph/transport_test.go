package gstgraph

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// transports are those that the camera has agreed to, in order.
func (r *recorder) transports() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.events {
		if e.Kind == pipeline.EventTransport {
			list = append(list, e.Transport)
		}
	}
	return strings.Join(list, " ")
}

// A camera without UDP, and one whose UDP a firewall swallows: TCP follows at
// once, or after the 5 s for which packets are waited for.
func TestFault11_UDPIsBlocked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options rtspcam.Options
		faults  rtspcam.Faults
		agreed  string
	}{
		"461":     {rtspcam.Options{NoUDP: true}, rtspcam.Faults{}, "tcp"},
		"silence": {rtspcam.Options{}, rtspcam.Faults{Loss: 1, NoReports: true}, "udp tcp"},
		"neither": {rtspcam.Options{}, rtspcam.Faults{}, "udp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, testclip.H264(), c.options)
			cam.Break(func(f *rtspcam.Faults) { *f = c.faults })
			r := newRecorder()
			s := rtsp(cam.URL())
			s.RTSP.Transport = pipeline.TransportAuto
			g := start(t, s, pipeline.GraphSettings{}, r)
			r.until(t, "an agreement", func() bool { return r.transports() == c.agreed })
			cam.Heal()
			r.untilFrames(t, 5)
			balanced(t, g, r)
		})
	}
}

// What a camera refuses is said in words that tell what to do.
func TestFault12_OtherTransportOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options rtspcam.Options
		asked   string
		says    string
	}{
		{rtspcam.Options{NoTCP: true}, pipeline.TransportTCP, "over UDP only; set rtsp.transport"},
		{rtspcam.Options{NoUDP: true}, pipeline.TransportUDP, "over TCP only; set rtsp.transport"},
		{rtspcam.Options{NoUDP: true, NoTCP: true}, pipeline.TransportAuto, "neither over UDP nor over TCP"},
	} {
		cam := camera(t, testclip.H264(), c.options)
		r := newRecorder()
		s := rtsp(cam.URL())
		s.RTSP.Transport = c.asked
		start(t, s, pipeline.GraphSettings{}, r)
		e := r.untilEvent(t, pipeline.EventError)
		if e.Reason != pipeline.ReasonUnsupported || !strings.Contains(e.Err.Error(), c.says) {
			t.Errorf("%s: %q: %v", c.asked, e.Reason, e.Err)
		}
	}
}

func TestTransportOf(t *testing.T) {
	for header, want := range map[string]string{
		"RTP/AVP/TCP;unicast;interleaved=0-1":                       pipeline.TransportTCP,
		"rtp/avp;interleaved=0-1":                                   pipeline.TransportTCP,
		"RTP/AVP;unicast;client_port=5000-5001;server_port=1-2":     pipeline.TransportUDP,
		"RTP/AVP/UDP;unicast;client_port=5000-5001;server_port=1-2": pipeline.TransportUDP,
	} {
		if got := transportOf(header); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
}
