package gstgraph

import (
	"math/rand/v2"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Whenever the input is closed, also in the middle of a frame, each frame that
// left the decoder has arrived or is counted as lost.
func TestLedgerBalancesWheneverTheInputCloses(t *testing.T) {
	t.Parallel()
	film := clip(t, "H264", 200)
	sources := map[string]pipeline.Source{
		"test source": testSource(64, 64, 120),
		"film":        {Film: pipeline.Film{Path: film, Loop: true}},
	}
	for name, s := range sources {
		t.Run(name, func(t *testing.T) {
			for range 15 {
				r := newRecorder()
				g := start(t, s, pipeline.GraphSettings{}, r)
				r.untilFrames(t, rand.Uint64N(6))
				balanced(t, g, r)
			}
		})
	}
}

// Long enough that the control build loses some.
func TestLedgerOfManyFrames(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	g := start(t, testSource(64, 64, 1000), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 500)
	balanced(t, g, r)
}

// A handler that is in the middle of a frame when the input is closed still
// gets that frame booked, and none after it.
func TestLedgerClosingWhileAFrameArrives(t *testing.T) {
	r := newRecorder()
	entered, leave := make(chan struct{}), make(chan struct{})
	first := true
	r.onFrame = func(f *frame.Frame) {
		if first {
			first = false
			close(entered)
			<-leave
		}
		f.Release()
	}
	g := start(t, testSource(64, 64, 120), pipeline.GraphSettings{}, r)
	<-entered
	closed := make(chan error)
	go func() { closed <- g.CloseInput(t.Context()) }()
	close(leave)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	c, n := g.Counts(), r.frames()
	if c.Decoded != n+c.Lost || n == 0 {
		t.Fatalf("decoded %d, %d arrived, %d lost", c.Decoded, n, c.Lost)
	}
	if again := g.Counts(); again != c {
		t.Fatalf("the counts moved after the input was closed: %+v, then %+v", c, again)
	}
}

func TestLedgerOfACameraThatVanishes(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	for range 3 {
		r := newRecorder()
		if err := cam.Start(); err != nil {
			t.Fatal(err)
		}
		g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
		r.untilFrames(t, 3)
		cam.Stop()
		balanced(t, g, r)
	}
}
