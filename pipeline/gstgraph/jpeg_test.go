package gstgraph

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam/othercam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// RTP's header for JPEG has no room for more than 2,040 pixels a side; cameras
// say larger sizes in their description.
func TestFault33_LargeJPEG(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ w, h int }{{320, 240}, {2040, 64}, {2400, 1360}} {
		cam := othercam.Start(t, othercam.Options{Codec: "jpeg", Width: size.w, Height: size.h})
		r := newRecorder()
		r.onFrame = func(f *frame.Frame) {
			if f.Width != size.w || f.Height != size.h {
				t.Errorf("%d×%d arrived as %d×%d", size.w, size.h, f.Width, f.Height)
			}
			f.Release()
		}
		g := start(t, rtsp(cam.URL), pipeline.GraphSettings{}, r)
		r.untilFrames(t, 3)
		balanced(t, g, r)
	}
}

// One that grows beyond that while it sends cannot say so any more.
func TestFault33_JPEGGrowsTooLarge(t *testing.T) {
	t.Parallel()
	cam := othercam.Start(t, othercam.Options{Codec: "jpeg"})
	r := newRecorder()
	g := start(t, rtsp(cam.URL), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 3)
	cam.Resize(2400, 1360)
	e := r.untilEvent(t, pipeline.EventError)
	if e.Reason != pipeline.ReasonUnsupported || !strings.Contains(e.Err.Error(), "2040") {
		t.Errorf("%s: %v", e.Reason, e.Err)
	}
	balanced(t, g, r)
}
