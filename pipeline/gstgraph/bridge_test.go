package gstgraph

import (
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// The picture behind appsrc is the decoder's own: same memory, same times,
// same caps, same place in the stream; nothing of it is copied or made anew.
func TestBridgeDoesNotCopy(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]pipeline.Source{
		"test source": testSource(322, 240, 60),
		"film":        {Film: pipeline.Film{Path: clip(t, "H264", 60), Loop: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder()
			var g *graph
			ready := make(chan struct{})
			var planes []uintptr // 0: a busy machine had the continuation full
			r.onFrame = func(f *frame.Frame) {
				<-ready
				plane := uintptr(unsafe.Pointer(unsafe.SliceData(f.Planes[0].Data)))
				switch err := g.Push(f, nil); {
				case errors.Is(err, pipeline.ErrFull):
					plane = 0
				case err != nil:
					t.Error(err)
				}
				planes = append(planes, plane)
				f.Release()
			}
			built, err := Build(source, pipeline.GraphSettings{DiscardContinuation: true}, r)
			if err != nil {
				t.Fatal(err)
			}
			g = built.(*graph)
			defer g.Close(t.Context())
			in, out := gsttest.NewSpy(pointer(g.convert), "src"), gsttest.NewSpy(pointer(g.out.src), "src")
			close(ready)
			if err := g.Start(); err != nil {
				t.Fatal(err)
			}
			r.untilFrames(t, 100)
			balanced(t, g, r)
			went, planes := pushed(in.Passed(), planes)
			// The last ones may still be on their way.
			if n := len(out.Passed()); n < 50 || n < len(went)-10 {
				t.Fatalf("%d of %d frames pushed came out behind appsrc", n, len(went))
			}
			compare(t, went, out.Passed(), planes)
		})
	}
}

// pushed leaves out the buffers whose frame was refused.
func pushed(in []gsttest.Passed, planes []uintptr) (went []gsttest.Passed, theirs []uintptr) {
	for i := range min(len(in), len(planes)) {
		if planes[i] != 0 {
			went, theirs = append(went, in[i]), append(theirs, planes[i])
		}
	}
	return went, theirs
}

func compare(t *testing.T, in, out []gsttest.Passed, planes []uintptr) {
	t.Helper()
	for i := range min(len(in), len(out)) {
		if in[i] != out[i] {
			t.Fatalf("buffer %d went in as\n%+v\nand came out as\n%+v", i, in[i], out[i])
		}
		// The first plane begins where the memory does, or a few rows of padding later.
		if d := planes[i] - in[i].Memory; d > 1<<16 {
			t.Fatalf("buffer %d: Go's view is not the decoder's memory", i)
		}
		if in[i].Duration <= 0 || in[i].Caps == "" {
			t.Fatalf("buffer %d: %+v", i, in[i])
		}
	}
}

// Decoders with memory of their own have few buffers: what Go holds is given
// back at the last Release, not when the collector finds it.
func TestBridgeLivesWithAPoolOfEight(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	held := make(chan *frame.Frame, 4)
	r.onFrame = func(f *frame.Frame) {
		if len(held) == cap(held) {
			(<-held).Release()
		}
		held <- f
	}
	g, err := Build(testSource(320, 240, 1000), pipeline.GraphSettings{}, r)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context())
	gsttest.LimitPool(pointer(g.(*graph).convert), 8)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	r.untilFrames(t, 1000)
	balanced(t, g, r)
	for len(held) > 0 {
		(<-held).Release()
	}
}

// The control of the test above: with every buffer held the stream stands
// still, and a single Release lets it go on.
func TestBridgePoolOfEightStarves(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	frames := make(chan *frame.Frame, 100)
	r.onFrame = func(f *frame.Frame) { frames <- f }
	g, err := Build(testSource(320, 240, 1000), pipeline.GraphSettings{}, r)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context())
	gsttest.LimitPool(pointer(g.(*graph).convert), 8)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	r.until(t, "all buffers to be held", func() bool { return r.frames() >= 7 })
	var first *frame.Frame
	var n uint64
	for range 7 {
		first = <-frames
		first.Release()
		n++
	}
	r.untilFrames(t, n+4)
	go func() {
		for f := range frames {
			f.Release()
		}
	}()
	balanced(t, g, r)
	close(frames)
}

// A frame may outlive its graph.
func TestFrameOutlivesItsGraph(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	held := make(chan *frame.Frame, 1)
	r.onFrame = func(f *frame.Frame) {
		select {
		case held <- f:
		default:
			f.Release()
		}
	}
	g := start(t, testSource(320, 240, 60), pipeline.GraphSettings{}, r)
	f := <-held
	if err := g.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, v := range f.Planes[0].Data {
		sum += int(v)
	}
	if sum == 0 || f.Width != 320 {
		t.Error("the picture is gone")
	}
	f.Release()
	if len(held) > 0 {
		(<-held).Release()
	}
	if err := g.Push(f, nil); err == nil {
		t.Error("a closed graph takes frames")
	}
	g.ForceKeyframe()
	_ = g.Counts()
}

// No Go memory is allocated per frame once the pool is warm.
func TestNoAllocationPerFrame(t *testing.T) {
	if testing.CoverMode() != "" || raceEnabled {
		t.Skip("instrumented builds allocate")
	}
	r := newRecorder()
	const warm, measured = 200, 2000
	var g *graph
	ready := make(chan struct{})
	var before, after uint64
	n := 0
	done := make(chan struct{})
	r.onFrame = func(f *frame.Frame) {
		if n == 0 {
			<-ready
		}
		switch n++; n {
		case warm:
			before = mallocs()
		case warm + measured:
			after = mallocs()
			close(done)
		}
		_ = g.Push(f, nil)
		f.Release()
	}
	h := &quiet{recorder: r}
	built, err := Build(testSource(320, 240, 2000), pipeline.GraphSettings{DiscardContinuation: true}, h)
	if err != nil {
		t.Fatal(err)
	}
	g = built.(*graph)
	defer g.Close(t.Context())
	close(ready)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("too few frames")
	}
	if err := g.CloseInput(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The rest of the process allocates a little in that time.
	if perFrame := float64(after-before) / measured; perFrame > 0.05 {
		t.Errorf("%.3f allocations per frame", perFrame)
	}
}

// quiet is a recorder without the bookkeeping per frame.
type quiet struct{ *recorder }

func (q *quiet) OnFrame(f *frame.Frame) { q.onFrame(f) }
