package gstgraph

import (
	"errors"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A picture that an encoder cannot take ends the annotated stream with an
// event; analysis goes on.
func TestOddSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ w, h int }{{321, 241}, {2, 2}, {1, 1}, {3, 200}} {
		r := newRecorder()
		var g *graph
		ready := make(chan struct{})
		r.onFrame = func(f *frame.Frame) {
			<-ready
			if f.Width != size.w || f.Height != size.h {
				t.Errorf("%d×%d arrived as %d×%d", size.w, size.h, f.Width, f.Height)
			}
			_ = g.Push(f, findings())
			f.Release()
		}
		g = start(t, testSource(size.w, size.h, 60), pipeline.GraphSettings{Annotate: true, Draw: func(*pipeline.Image, []frame.Finding) {}}, r)
		close(ready)
		r.until(t, "a packet or an event", func() bool {
			_, failed := r.find(pipeline.EventContinuation)
			return failed || len(r.list()) > 3
		})
		r.untilFrames(t, r.frames()+10)
		balanced(t, g, r)
		e, _ := r.find(pipeline.EventContinuation)
		if odd := size.w%2 != 0 || size.h%2 != 0; odd != (e.Err != nil) {
			t.Errorf("%d×%d: %d packets, %v", size.w, size.h, len(r.list()), e.Err)
		}
	}
}

func TestJPEGCamera(t *testing.T) {
	t.Parallel()
	units := encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25, Codec: "JPEG"}, 5)
	cam := camera(t, looped(rtspcam.JPEG, units), rtspcam.Options{})
	r := newRecorder()
	r.onFrame = func(f *frame.Frame) {
		if f.Width != 320 || f.Height != 240 || !f.FullRange {
			t.Errorf("%d×%d, full range %v", f.Width, f.Height, f.FullRange)
		}
		f.Release()
	}
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 10)
	balanced(t, g, r)
	if e, ok := r.find(pipeline.EventDecoder); !ok || e.Decoder != "jpegdec" {
		t.Errorf("%+v", e)
	}
}

func TestAnUnknownEncoderNamesWhatToInstall(t *testing.T) {
	t.Parallel()
	s := pipeline.GraphSettings{Annotate: true, Encoders: []string{"vaapih264enc-not-there", "nosuchenc"}}
	_, err := Build(testSource(64, 64, 30), s, newRecorder())
	var e *pipeline.Error
	if !errors.As(err, &e) || e.Reason != pipeline.ReasonUnsupported {
		t.Errorf("%v", err)
	}
}

// What can be missing has a package to install, and what these tests play is there.
func TestTheInventoryIsWhole(t *testing.T) {
	t.Parallel()
	for _, j := range Inventory() {
		if len(j.Elements) == 0 {
			t.Errorf("%s: no elements", j.Name)
		}
		for _, e := range j.Elements {
			if e.Package == "" {
				t.Errorf("%s: no package is known for %s", j.Name, e.Name)
			}
			if j.Need == AllOf && !e.Installed {
				t.Errorf("%s: %s is missing, and yet graphs are built", j.Name, e.Name)
			}
		}
	}
}
