package gstgraph

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Data lost over UDP marks the pictures that may be broken, up to the next
// keyframe and no further.
func TestFault09_LossIsMarked(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	r := newRecorder()
	var suspect, sound atomic.Int64
	r.onFrame = func(f *frame.Frame) {
		if f.Suspect {
			suspect.Add(1)
			sound.Store(0)
		} else {
			sound.Add(1)
		}
		f.Release()
	}
	s := rtsp(cam.URL())
	s.RTSP.Transport = pipeline.TransportUDP
	g := start(t, s, pipeline.GraphSettings{}, r)
	r.untilFrames(t, 3)
	cam.Break(func(f *rtspcam.Faults) { f.Loss = 0.03 })
	r.until(t, "suspect frames", func() bool { return suspect.Load() > 3 })
	cam.Heal()
	r.until(t, "a second of sound frames", func() bool { return sound.Load() > testclip.FPS })
	balanced(t, g, r)
}

// Only the picture is set up, whatever stands before and after it.
func TestFault25_SoundFirstAndMetadata(t *testing.T) {
	t.Parallel()
	cam := camera(t, rtspcam.WithMetadata(rtspcam.WithAudio(testclip.H264())), rtspcam.Options{})
	r := newRecorder()
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 5)
	balanced(t, g, r)
	if n := cam.Counts().Setup; n != 1 {
		t.Errorf("%d media were set up", n)
	}
}

// A camera that has sound only is refused by name, and asked again seldom.
func TestFault25_SoundOnly(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.SDP = []byte(audioOnly) })
	w := watch(t, rtsp(cam.URL()))
	if e := w.until(pipeline.BackingOff, 1); e.Reason != pipeline.ReasonNoVideo || e.RetryIn < 45*time.Second {
		t.Errorf("%q, again in %v: %s", e.Reason, e.RetryIn, e.Text)
	}
}

// Every picture after a change of size has the new size, from the first on.
func TestFault31_SizeChangesWithTheFirstPicture(t *testing.T) {
	t.Parallel()
	cam := camera(t, changing(t), rtspcam.Options{FromPlay: true})
	r := newRecorder()
	var widths []int // by the streaming thread until the graph is closed
	r.onFrame = func(f *frame.Frame) {
		widths = append(widths, f.Width)
		f.Release()
	}
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 65)
	balanced(t, g, r)
	changes, last := 0, 0
	for i, w := range widths {
		if i == 0 || w == widths[i-1] {
			continue
		}
		// The first and the last run of a size may have been cut.
		if changes++; changes > 1 && i-last != 10 {
			t.Errorf("%d pictures of %d, want 10", i-last, widths[i-1])
		}
		last = i
	}
	if changes < 5 {
		t.Errorf("%d changes of size in %d pictures", changes, len(widths))
	}
}

// Pictures that are not sent in their order arrive in it, none left out: the
// square in them crosses from left to right.
func TestFault34_ReorderedPictures(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.Reordered(), rtspcam.Options{FromPlay: true})
	r := newRecorder()
	var at []int // by the streaming thread until the graph is closed
	var last time.Duration
	r.onFrame = func(f *frame.Frame) {
		if f.PTS < last {
			t.Errorf("%v after %v", f.PTS, last)
		}
		last = f.PTS
		at = append(at, edge(f))
		f.Release()
	}
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, testclip.Pictures+10)
	balanced(t, g, r)
	for i := range at[:testclip.Pictures] {
		// Half of testclip's size; the coding blurs the edge.
		if d := at[i] - (5 + 4*i); d < -2 || d > 2 {
			t.Fatalf("picture %d has the square at %d: %v", i, at[i], at)
		}
	}
}

// edge is where the bright square begins.
func edge(f *frame.Frame) int {
	y := f.Planes[0]
	row := y.Data[f.Height/2*y.Stride:][:f.Width]
	return slices.IndexFunc(row, func(luma byte) bool { return luma > 0xb0 })
}

// Flipped bytes in some slices or in all of them end nothing: sound pictures
// come in the same connection once the data is.
func TestFault35_FlippedBytes(t *testing.T) {
	t.Parallel()
	for name, share := range map[string]float64{"a fifth": 0.2, "all": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
			r.untilFrames(t, 5)
			cam.Break(func(f *rtspcam.Faults) { f.Corrupt = share })
			n := g.Counts().Packets
			poll(t, "damaged data", func() bool { return g.Counts().Packets > n+30 })
			cam.Heal()
			r.untilFrames(t, r.frames()+2*testclip.KeyframeEvery)
			balanced(t, g, r)
			if n := cam.Counts().Play; n != 1 {
				t.Errorf("%d sessions", n)
			}
		})
	}
}

// poll waits for what no call of the handler tells.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	ticker, limit := time.NewTicker(20*time.Millisecond), time.NewTimer(10*time.Second)
	defer ticker.Stop()
	defer limit.Stop()
	for !is() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}
