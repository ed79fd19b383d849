package gstgraph

import (
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam/othercam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A picture that is sent in several slices is one picture: x264 with
// tune=zerolatency makes as many as there are cores.
func TestKeyframesOfSeveralSlicesAreOnePicture(t *testing.T) {
	t.Parallel()
	cam := othercam.Start(t, othercam.Options{})
	r := newRecorder()
	var mu sync.Mutex
	var last time.Duration
	r.onFrame = func(f *frame.Frame) {
		mu.Lock()
		defer mu.Unlock()
		if f.PTS <= last && last > 0 {
			t.Errorf("a picture at %v after one at %v", f.PTS, last)
		}
		last = f.PTS
		f.Release()
	}
	g := start(t, rtsp(cam.URL), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 50) // three keyframes, one a second
	balanced(t, g, r)
}
