package gstgraph

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// findings is one detection, so that there is something to draw.
func findings() []frame.Finding {
	return []frame.Finding{{Processor: "p", Result: &frame.Result{}}}
}

// brighten makes a picture white where it is drawn on.
func brighten(img *pipeline.Image, _ []frame.Finding) {
	for y := range img.Height / 2 {
		row := img.Planes[0].Data[y*img.Planes[0].Stride:]
		for x := range img.Width {
			row[x] = 235
		}
	}
}

// upperLuma plays packets as a camera and returns the mean luma of the upper
// half of the first n pictures decoded.
func upperLuma(t *testing.T, units []frame.Packet, n uint64) []float64 {
	t.Helper()
	cam := camera(t, looped(rtspcam.H264, units), rtspcam.Options{})
	r := newRecorder()
	var luma []float64
	r.onFrame = func(f *frame.Frame) {
		sum := 0
		for y := range f.Height / 2 {
			for _, v := range f.Planes[0].Data[y*f.Planes[0].Stride:][:f.Width] {
				sum += int(v)
			}
		}
		luma = append(luma, float64(sum)/float64(f.Width*f.Height/2))
		f.Release()
	}
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	r.untilFrames(t, n)
	balanced(t, g, r)
	return luma
}

// What is pushed comes out encoded, in order, with the times the feed gave it
// and with what was drawn.
func TestPushedFramesAreDrawnAndEncoded(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	const offset = 1000 * time.Hour
	var g *graph
	var n int
	ready := make(chan struct{})
	var captured []time.Time
	r.onFrame = func(f *frame.Frame) {
		<-ready
		defer f.Release()
		f.Seq = uint64(n + 1)
		f.PTS += offset // the feed's clock
		f.Captured = f.Captured.Add(-time.Minute)
		if err := g.Push(f, findings()); err != nil {
			if !errors.Is(err, pipeline.ErrFull) {
				t.Error(err)
			}
			return
		}
		captured = append(captured, f.Captured)
		n++
	}
	source := pipeline.Source{Test: pipeline.Test{Pattern: "black", Width: 320, Height: 240, FPS: 30}}
	g = start(t, source, pipeline.GraphSettings{Annotate: true, Draw: brighten}, r)
	close(ready)
	r.until(t, "packets", func() bool { return len(r.list()) >= 40 })
	balanced(t, g, r)
	if err := g.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.list()
	if len(got) != n {
		t.Fatalf("%d packets of %d pushed frames", len(got), n)
	}
	for i, p := range got {
		if i > 0 && p.PTS <= got[i-1].PTS || p.PTS < offset {
			t.Errorf("packet %d at %v", i, p.PTS)
		}
		if !p.Captured.Equal(captured[i]) {
			t.Errorf("packet %d was captured at %v, want %v", i, p.Captured, captured[i])
		}
		if p.Width != 320 || p.Height != 240 || !bytes.HasPrefix(p.Data, []byte{0, 0, 0, 1}) {
			t.Errorf("packet %d: %d×%d % x", i, p.Width, p.Height, p.Data[:4])
		}
	}
	if !got[0].Keyframe {
		t.Error("the first packet is no keyframe")
	}
	luma := upperLuma(t, got, 20)
	for i, l := range luma {
		if l < 200 {
			t.Errorf("picture %d: luma %.0f, nothing was drawn", i, l)
		}
	}
}

// Drawing must not show in what others still read.
func TestDrawingLeavesTheFrameAlone(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	var g *graph
	ready := make(chan struct{})
	var held []*frame.Frame
	var before [][]byte
	var mu sync.Mutex
	r.onFrame = func(f *frame.Frame) {
		<-ready
		mu.Lock()
		defer mu.Unlock()
		if len(held) == 5 {
			f.Release()
			return
		}
		before = append(before, bytes.Clone(f.Planes[0].Data))
		held = append(held, f)
		if err := g.Push(f, findings()); err != nil && !errors.Is(err, pipeline.ErrFull) {
			t.Error(err)
		}
	}
	g = start(t, testSource(320, 240, 30), pipeline.GraphSettings{Annotate: true, Draw: brighten}, r)
	close(ready)
	r.until(t, "packets", func() bool { return len(r.list()) >= 5 })
	balanced(t, g, r)
	for i, f := range held {
		if !bytes.Equal(f.Planes[0].Data, before[i]) {
			t.Errorf("frame %d was drawn on while it was held", i)
		}
		f.Release()
	}
}

func TestForceKeyframe(t *testing.T) {
	r := newRecorder()
	var g *graph
	ready := make(chan struct{})
	r.onFrame = func(f *frame.Frame) {
		<-ready
		_ = g.Push(f, nil)
		f.Release()
	}
	keyframes := func() (n int) {
		for _, p := range r.list() {
			if p.Keyframe {
				n++
			}
		}
		return n
	}
	g = start(t, testSource(320, 240, 30), pipeline.GraphSettings{Annotate: true, KeyInterval: time.Hour}, r)
	close(ready)
	r.until(t, "packets", func() bool { return len(r.list()) >= 10 })
	if n := keyframes(); n != 1 {
		t.Errorf("%d keyframes before one was asked for", n)
	}
	g.ForceKeyframe()
	r.until(t, "another keyframe", func() bool { return keyframes() == 2 })
	balanced(t, g, r)
}

func TestKeyIntervalIsKept(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	var g *graph
	ready := make(chan struct{})
	r.onFrame = func(f *frame.Frame) {
		<-ready
		_ = g.Push(f, nil)
		f.Release()
	}
	g = start(t, testSource(320, 240, 50), pipeline.GraphSettings{Annotate: true, KeyInterval: 200 * time.Millisecond}, r)
	close(ready)
	r.until(t, "packets", func() bool { return len(r.list()) >= 60 })
	balanced(t, g, r)
	last := time.Duration(-1)
	for i, p := range r.list() {
		if p.Keyframe {
			// The request overtakes pictures that still wait for the encoder.
			if d := p.PTS - last; last >= 0 && (d < 100*time.Millisecond || d > 300*time.Millisecond) {
				t.Errorf("packet %d: keyframe %v after the one before", i, d)
			}
			last = p.PTS
		}
	}
}

// The last packets come out when the graph closes, also of a looped film,
// whose stream has no end of its own.
func TestCloseLetsTheLastPacketsOut(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]pipeline.Source{
		"test source": testSource(320, 240, 30),
		"looped film": {Film: pipeline.Film{Path: clip(t, "H264", 10), Loop: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder()
			var g *graph
			pushed := 0
			ready := make(chan struct{})
			r.onFrame = func(f *frame.Frame) {
				<-ready
				if g.Push(f, nil) == nil {
					pushed++
				}
				f.Release()
			}
			g = start(t, source, pipeline.GraphSettings{Annotate: true}, r)
			close(ready)
			r.untilFrames(t, 15)
			if err := g.CloseInput(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := g.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(r.list()); n != pushed {
				t.Errorf("%d packets of %d pushed frames", n, pushed)
			}
			if e, ok := r.find(pipeline.EventNotice); ok {
				t.Error(e.Text)
			}
		})
	}
}

// A full continuation refuses instead of queueing without a bound.
func TestPushIsBounded(t *testing.T) {
	r := newRecorder()
	frames := make(chan *frame.Frame, 1)
	r.onFrame = func(f *frame.Frame) {
		select {
		case frames <- f:
		default:
			f.Release()
		}
	}
	block := make(chan struct{})
	g := start(t, testSource(320, 240, 30), pipeline.GraphSettings{
		Annotate: true, Draw: func(*pipeline.Image, []frame.Finding) { <-block },
	}, r)
	f := <-frames
	var err error
	pushed := 0
	for range 100 {
		if err = g.Push(f, findings()); err != nil {
			break
		}
		pushed++
	}
	close(block)
	f.Release()
	if !errors.Is(err, pipeline.ErrFull) || pushed > maxQueued+1 {
		t.Errorf("%d frames were taken, then %v", pushed, err)
	}
	balanced(t, g, r)
	select {
	case f := <-frames:
		f.Release()
	default:
	}
}
