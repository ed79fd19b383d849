package gstgraph

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// Hardware that fails is played by avdec_h264 behind an element that spoils it.
var fake = &device{"simulated hardware", "none", ""}

func simulatedDecoders() map[string]*decoder {
	return map[string]*decoder{
		"works":      {name: "works", element: "avdec_h264", device: fake},
		"fails":      {name: "fails", element: "avdec_h264", device: fake, before: []step{{"identity", props{"error-after": 1}}}},
		"fails_late": {name: "fails_late", element: "avdec_h264", device: fake, before: []step{{"identity", props{"error-after": 20}}}},
		"gives_none": {name: "gives_none", element: "avdec_h264", device: fake, before: []step{{"identity", props{"drop-probability": 1}}}},
		"refuses":    {name: "refuses", element: "avdec_h264", device: fake, before: []step{{"capsfilter", props{"caps": "video/x-h264,profile=none"}}}},
		"no_pads":    {name: "no_pads", element: "avdec_h264", device: fake, before: []step{{"filesrc", nil}}},
		"hangs":      {name: "hangs", element: "avdec_h264", device: fake, before: []step{{"identity", props{"sleep-time": (stopLimit + 2*time.Second).Microseconds()}}}},
	}
}

// h264Camera is one with a keyframe each half second.
func h264Camera(t *testing.T) *rtspcam.Camera {
	units := encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25}, 12)
	return camera(t, looped(rtspcam.H264, units), rtspcam.Options{})
}

// A decoder that fails is replaced in the same connection, and remembered.
func TestFallsBackToTheNextDecoder(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"fails": "", "gives_none": "no pictures", "refuses": "does not take", "no_pads": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cam := h264Camera(t)
			var memory pipeline.DecoderMemory
			settings := pipeline.GraphSettings{Decoders: []string{name, "avdec_h264"}, DecoderMemory: &memory}
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), settings, r)
			e := r.untilEvent(t, pipeline.EventDecoder)
			r.untilFrames(t, 10)
			if e.Decoder != "avdec_h264" || !strings.Contains(e.Text, name+": ") || !strings.Contains(e.Text, want) {
				t.Errorf("%s: %s", e.Decoder, e.Text)
			}
			t.Log(e.Text)
			balanced(t, g, r)
			if e, failed := r.find(pipeline.EventError); failed {
				t.Errorf("the connection broke: %v", e.Err)
			}
			if n := cam.Counts().MaxSessions; n != 1 {
				t.Errorf("%d sessions", n)
			}
			again := newRecorder()
			balanced(t, playedFor(t, cam, settings, again), again)
			e, _ = again.find(pipeline.EventDecoder)
			if e.Decoder != "avdec_h264" || !strings.Contains(e.Text, "ago") {
				t.Errorf("the next connection: %s: %s", e.Decoder, e.Text)
			}
		})
	}
}

func playedFor(t *testing.T, cam *rtspcam.Camera, s pipeline.GraphSettings, r *recorder) *graph {
	g := start(t, rtsp(cam.URL()), s, r)
	r.untilFrames(t, 2)
	return g
}

// One that has worked and then fails is replaced too, with a second event.
func TestFallsBackWhileItRuns(t *testing.T) {
	t.Parallel()
	cam := h264Camera(t)
	r := newRecorder()
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{Decoders: []string{"fails_late", "avdec_h264"}}, r)
	r.until(t, "two decoders", func() bool { return len(r.decoders()) == 2 })
	r.untilFrames(t, 40)
	balanced(t, g, r)
	if got := strings.Join(r.decoders(), " "); got != "fails_late avdec_h264" {
		t.Errorf("%s", got)
	}
	if e, failed := r.find(pipeline.EventError); failed {
		t.Errorf("the connection broke: %v", e.Err)
	}
}

func (r *recorder) decoders() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == pipeline.EventDecoder {
			names = append(names, e.Decoder)
		}
	}
	return names
}

// One that takes a picture and never comes back cannot be replaced in its own
// thread; the next connection leaves it alone.
func TestADecoderThatHangsIsRemembered(t *testing.T) {
	t.Parallel()
	cam := h264Camera(t)
	var memory pipeline.DecoderMemory
	settings := pipeline.GraphSettings{Decoders: []string{"hangs", "avdec_h264"}, DecoderMemory: &memory}
	stuck := newRecorder()
	g, err := Build(rtsp(cam.URL()), settings, stuck)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	stuck.untilEvent(t, pipeline.EventKeyframe)
	if err := g.Close(t.Context()); err == nil {
		t.Error("the graph stopped")
	}
	r := newRecorder()
	balanced(t, playedFor(t, cam, settings, r), r)
	if e, _ := r.find(pipeline.EventDecoder); e.Decoder != "avdec_h264" || !strings.Contains(e.Text, "hung") {
		t.Errorf("%s: %s", e.Decoder, e.Text)
	}
}

func TestDecodeModes(t *testing.T) {
	t.Parallel()
	cam := h264Camera(t)
	for name, c := range map[string]struct {
		mode     string
		decoders []string
		want     string // decoder
		text     string // of the event or error
	}{
		"auto takes hardware":    {"", []string{"works", "avdec_h264"}, "works", "simulated hardware"},
		"software":               {pipeline.DecodeSoftware, []string{"works", "avdec_h264"}, "avdec_h264", "software, as configured"},
		"software by itself":     {pipeline.DecodeSoftware, nil, "avdec_h264", "software, as configured"},
		"hardware":               {pipeline.DecodeHardware, []string{"avdec_h264", "works"}, "works", "as configured"},
		"hardware, second":       {pipeline.DecodeHardware, []string{"fails", "works"}, "works", "refused: fails: "},
		"hardware that fails":    {pipeline.DecodeHardware, []string{"fails"}, "", "decode.mode auto"},
		"hardware without frame": {pipeline.DecodeHardware, []string{"gives_none"}, "", "no pictures"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{Decode: c.mode, Decoders: c.decoders}, r)
			kind := pipeline.EventDecoder
			if c.want == "" {
				kind = pipeline.EventError
			}
			e := r.untilEvent(t, kind)
			text := e.Text
			if e.Err != nil {
				text = e.Err.Error()
			}
			if e.Decoder != c.want || !strings.Contains(text, c.text) {
				t.Errorf("%q: %s", e.Decoder, text)
			}
			if c.want == "" && e.Reason != pipeline.ReasonUnsupported {
				t.Errorf("reason %s", e.Reason)
			}
			t.Log(text)
			balanced(t, g, r)
		})
	}
}

// Where there is no hardware, the error names what to install.
func TestHardwareThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []*codec{h264, h265, jpeg} {
		for _, d := range c.decoders {
			if d.hardware() && d.installed() {
				t.Skipf("%s is here", d.name)
			}
		}
	}
	cam := h264Camera(t)
	r := newRecorder()
	start(t, rtsp(cam.URL()), pipeline.GraphSettings{Decode: pipeline.DecodeHardware}, r)
	e := r.untilEvent(t, pipeline.EventError)
	for _, part := range []string{"vah264dec", "gstreamer1.0-plugins-bad", "mesa-va-drivers", "decode.mode"} {
		if !strings.Contains(e.Err.Error(), part) {
			t.Errorf("%s is not in: %v", part, e.Err)
		}
	}
	t.Log(e.Err)
}

// The keyframe at which decoders fail is not lost: a film that has only one is
// played in whole by the third.
func TestTheOnlyKeyframeIsHandedOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "film.mkv")
	if err := gsttest.Film(path, "ball", 60, 64, 64, 25, 100); err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	s := pipeline.Source{Film: pipeline.Film{Path: path}}
	g := start(t, s, pipeline.GraphSettings{Decoders: []string{"refuses", "fails", "avdec_h264"}, Unpaced: true}, r)
	r.untilEvent(t, pipeline.EventEOS)
	if c := balanced(t, g, r); c.Decoded != 60 {
		t.Errorf("%+v of a film of 60 pictures", c)
	}
}

// A film is played to its end by another decoder than it began with.
func TestAFilmFallsBack(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	s := pipeline.Source{Film: pipeline.Film{Path: clip(t, "H264", 100)}}
	g := start(t, s, pipeline.GraphSettings{Decoders: []string{"fails_late", "avdec_h264"}, Unpaced: true}, r)
	r.untilEvent(t, pipeline.EventEOS)
	if c := balanced(t, g, r); c.Decoded < 80 || c.Packets != 100 {
		t.Errorf("%+v of a film of 100 pictures with a keyframe each 25", c)
	}
}
