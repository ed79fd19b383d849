package gstgraph

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Building, playing and closing graphs again and again leaves nothing behind:
// no descriptor, no thread beyond GLib's own pool, no abandoned graph.
func TestCyclesLeaveNothingBehind(t *testing.T) {
	// All keyframes: a client need not wait for one.
	units := encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25, KeyInterval: time.Millisecond}, 10)
	cam := camera(t, looped(rtspcam.H264, units), rtspcam.Options{})
	sources := []pipeline.Source{
		testSource(64, 64, 60),
		rtsp(cam.URL()),
		{Film: pipeline.Film{Path: clip(t, "H264", 50), Loop: true}},
	}
	cycle := func() {
		for _, s := range sources {
			r := newRecorder()
			g, err := Build(s, pipeline.GraphSettings{Annotate: true}, r)
			if err != nil {
				t.Fatal(err)
			}
			r.onFrame = func(f *frame.Frame) {
				_ = g.Push(f, nil)
				f.Release()
			}
			if err := g.Start(); err != nil {
				t.Fatal(err)
			}
			r.untilFrames(t, 2)
			if err := g.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	cycle()
	cycle()
	fds, tasks, stuck := descriptors(), threads(), Abandoned()
	for range 50 / len(sources) {
		cycle()
	}
	if n := descriptors(); n > fds+2 {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
	if n := threads(); n > tasks+4 {
		t.Errorf("%d threads, %d before", n, tasks)
	}
	if n := Abandoned(); n != stuck {
		t.Errorf("%d graphs were abandoned", n-stuck)
	}
}

// A camera whose firmware hangs keeps its connections open and says nothing:
// closing must not wait for it.
func TestFrozenCameraDoesNotHoldClose(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{pipeline.TransportTCP, pipeline.TransportUDP} {
		t.Run(transport, func(t *testing.T) {
			cam := camera(t, testclip.H264(), rtspcam.Options{})
			r := newRecorder()
			s := rtsp(cam.URL())
			s.RTSP.Transport = transport
			g := start(t, s, pipeline.GraphSettings{}, r)
			r.untilFrames(t, 3)
			cam.Break(func(f *rtspcam.Faults) { f.Frozen = true })
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if err := g.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseBeforeStartAndTwice(t *testing.T) {
	g, err := Build(testSource(64, 64, 30), pipeline.GraphSettings{Annotate: true}, newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.CloseInput(t.Context()); err != nil {
			t.Error(err)
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A handler that hangs (which it must not) holds a streaming thread. The graph
// is given up within the limit, counted, and its books stand still.
func TestStuckGraphIsAbandoned(t *testing.T) {
	r := newRecorder()
	hang, entered := make(chan struct{}), make(chan struct{}, 100)
	r.onFrame = func(f *frame.Frame) {
		entered <- struct{}{}
		<-hang
		f.Release()
	}
	g, err := Build(testSource(64, 64, 30), pipeline.GraphSettings{}, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	<-entered
	before := Abandoned()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := g.Close(ctx); !errors.Is(err, errStuck) {
		t.Errorf("closing: %v", err)
	}
	if Abandoned() != before+1 {
		t.Error("the graph was not counted")
	}
	c := g.Counts()
	close(hang)
	r.untilFrames(t, 1)
	if again := g.Counts(); again != c {
		t.Errorf("the counts moved: %+v, then %+v", c, again)
	}
	if c.Decoded != 1 || c.Lost != 0 {
		t.Errorf("%+v, and one frame arrived", c)
	}
}

// A panic in a handler is that graph's error, not the process's end.
func TestPanicInAHandlerIsAnEvent(t *testing.T) {
	r := newRecorder()
	r.onFrame = func(f *frame.Frame) {
		f.Release()
		panic("a mistake in the handler")
	}
	start(t, testSource(64, 64, 30), pipeline.GraphSettings{}, r)
	e := r.untilEvent(t, pipeline.EventError)
	if e.Reason != pipeline.ReasonLost {
		t.Errorf("%+v", e)
	}
}
