package gstgraph

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// recorder is a handler that counts, keeps what it is told to keep and lets
// tests wait for something to become true.
type recorder struct {
	packets
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	arrived uint64
	events  []pipeline.GraphEvent
	onFrame func(*frame.Frame) // takes the reference over; nil: released
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

func (r *recorder) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) OnFrame(f *frame.Frame) {
	if r.onFrame != nil {
		r.onFrame(f)
	} else {
		f.Release()
	}
	r.change(func() { r.arrived++ })
}

func (r *recorder) OnEvent(e pipeline.GraphEvent) {
	r.change(func() { r.events = append(r.events, e) })
}

func (r *recorder) OnPacket(p frame.Packet) {
	r.packets.add(p)
	r.change(func() {})
}

func (r *recorder) frames() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arrived
}

// find is the first event of a kind.
func (r *recorder) find(k pipeline.EventKind) (pipeline.GraphEvent, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == k {
			return e, true
		}
	}
	return pipeline.GraphEvent{}, false
}

// until waits until ok holds; it is asked again after every call of the handler.
func (r *recorder) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("waited 10 s for %s; %d frames, events %+v", what, r.frames(), r.events)
		}
	}
}

func (r *recorder) untilFrames(t *testing.T, n uint64) {
	t.Helper()
	r.until(t, "frames", func() bool { return r.frames() >= n })
}

func (r *recorder) untilEvent(t *testing.T, k pipeline.EventKind) pipeline.GraphEvent {
	t.Helper()
	r.until(t, k.String(), func() bool { _, ok := r.find(k); return ok })
	e, _ := r.find(k)
	return e
}

func start(t *testing.T, s pipeline.Source, settings pipeline.GraphSettings, r *recorder) *graph {
	t.Helper()
	g, err := Build(s, settings, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	return g.(*graph)
}

// balanced closes a graph's input and compares its books.
func balanced(t *testing.T, g pipeline.Graph, r *recorder) pipeline.Counts {
	t.Helper()
	if err := g.CloseInput(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, n := g.Counts(), r.frames()
	if c.Decoded != n+c.Lost {
		t.Fatalf("decoded %d, but %d arrived and %d were lost", c.Decoded, n, c.Lost)
	}
	return c
}

func testSource(width, height int, fps float64) pipeline.Source {
	return pipeline.Source{Test: pipeline.Test{Pattern: "ball", Width: width, Height: height, FPS: fps}}
}

// footage finds one of the films beside the repository.
func footage(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("NVPIPE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(dir, "videos", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no footage: %v", err)
	}
	return path
}

func TestTestSourceDeliversItsPictures(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	var first frame.Frame
	var once sync.Once
	r.onFrame = func(f *frame.Frame) {
		once.Do(func() {
			first.Width, first.Height, first.Format = f.Width, f.Height, f.Format
			first.Duration, first.Planes, first.PTS = f.Duration, f.Planes, f.PTS
			for i, p := range f.Planes {
				if p.Stride <= 0 || len(p.Data) == 0 {
					t.Errorf("plane %d: stride %d, %d bytes", i, p.Stride, len(p.Data))
				}
			}
			if d := time.Since(f.Arrived); d < 0 || d > time.Second {
				t.Errorf("arrived %v ago", d)
			}
		})
		f.Release()
	}
	g := start(t, testSource(322, 240, 50), pipeline.GraphSettings{}, r)
	r.untilFrames(t, 20)
	c := balanced(t, g, r)
	if first.Width != 322 || first.Height != 240 || first.Format != frame.I420 || first.Duration != 20*time.Millisecond {
		t.Errorf("a frame of %d×%d %v, %v", first.Width, first.Height, first.Format, first.Duration)
	}
	if e, _ := r.find(pipeline.EventCaps); e.Width != 322 || e.FPS != 50 {
		t.Errorf("caps event %+v", e)
	}
	t.Logf("%+v", c)
}

func TestFilmPlaysToItsEnd(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: clip(t, "H264", 30)}}, pipeline.GraphSettings{}, r)
	r.untilEvent(t, pipeline.EventEOS)
	if c := balanced(t, g, r); c.Decoded != 30 || c.Lost != 0 || c.Packets != 30 {
		t.Errorf("%+v of a film of 30 pictures", c)
	}
	for _, k := range []pipeline.EventKind{pipeline.EventFirstPacket, pipeline.EventKeyframe, pipeline.EventDecoder} {
		if _, ok := r.find(k); !ok {
			t.Errorf("no event %v", k)
		}
	}
}
