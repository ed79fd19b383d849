package gstgraph

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A looped film is one stream without an end: times go on growing by one
// picture's length also where it starts again.
func TestLoopedFilmGoesOnWithoutAGap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, codec, mux, ext string }{
		{"mkv", "H264", "matroskamux", ".mkv"},
		{"mp4", "H264", "mp4mux", ".mp4"},
		{"h265", "H265", "mp4mux", ".mp4"},
		{"jpeg", "JPEG", "matroskamux", ".mkv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := clipOf(t, c.codec, 25, "width=320,height=240", c.mux, c.ext)
			r := newRecorder()
			var times []time.Duration
			r.onFrame = func(f *frame.Frame) {
				times = append(times, f.PTS)
				f.Release()
			}
			g := start(t, pipeline.Source{Film: pipeline.Film{Path: path, Loop: true}}, pipeline.GraphSettings{}, r)
			r.untilFrames(t, 70)
			balanced(t, g, r)
			for i := 1; i < len(times); i++ {
				if d := times[i] - times[i-1]; d < 30*time.Millisecond || d > 90*time.Millisecond {
					t.Errorf("picture %d comes %v after the one before", i, d)
				}
			}
			if !slices.IsSorted(times) {
				t.Error("times go back")
			}
			if _, ended := r.find(pipeline.EventEOS); ended {
				t.Error("a looped film ended")
			}
		})
	}
}

// A transport stream cannot be looped in place: it ends, and is opened again.
func TestTransportStreamEnds(t *testing.T) {
	t.Parallel()
	path := clipOf(t, "H264", 25, "width=320,height=240", "mpegtsmux", ".ts")
	r := newRecorder()
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: path, Loop: true}}, pipeline.GraphSettings{}, r)
	r.untilEvent(t, pipeline.EventEOS)
	if c := balanced(t, g, r); c.Decoded != 25 {
		t.Errorf("%+v of a film of 25 pictures", c)
	}
}

func TestFilmsThatCannotBePlayed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path string
		want pipeline.Reason
	}{
		"missing":     {filepath.Join(dir, "none.mp4"), pipeline.ReasonNotFound},
		"a directory": {dir, pipeline.ReasonConfig},
		"empty":       {write("empty.mp4", nil), pipeline.ReasonUnsupported},
		"text":        {write("text.mp4", []byte("no film at all")), pipeline.ReasonUnsupported},
	} {
		g, err := Build(pipeline.Source{Film: pipeline.Film{Path: c.path}}, pipeline.GraphSettings{}, newRecorder())
		var e *pipeline.Error
		if !errors.As(err, &e) || e.Reason != c.want {
			t.Errorf("%s: %v, want reason %s", name, err, c.want)
		}
		if g != nil {
			t.Errorf("%s: a graph", name)
		}
	}
}

// What goes wrong only at the start has its reason too.
func TestFilmThatVanishedBeforeTheStart(t *testing.T) {
	t.Parallel()
	path := clip(t, "H264", 5)
	g, err := Build(pipeline.Source{Film: pipeline.Film{Path: path}}, pipeline.GraphSettings{}, newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var e *pipeline.Error
	if err := g.Start(); !errors.As(err, &e) || e.Reason != pipeline.ReasonNotFound {
		t.Errorf("%v", err)
	}
}

func TestTruncatedFilmSaysSo(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(clipOf(t, "H264", 10, "width=320,height=240", "mp4mux", ".mp4"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.mp4")
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	start(t, pipeline.Source{Film: pipeline.Film{Path: path}}, pipeline.GraphSettings{}, r)
	e := r.untilEvent(t, pipeline.EventError)
	t.Log(e.Err)
}

func TestPictureAboveTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	path := clipOf(t, "H264", 5, "width=640,height=480", "matroskamux", ".mkv")
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: path}}, pipeline.GraphSettings{MaxWidth: 320}, r)
	e := r.untilEvent(t, pipeline.EventError)
	if e.Reason != pipeline.ReasonUnsupported {
		t.Errorf("reason %s: %v", e.Reason, e.Err)
	}
	if c := balanced(t, g, r); c.Decoded != 0 {
		t.Errorf("%d pictures were decoded", c.Decoded)
	}
	t.Log(e.Err)
}

// Sound beside the picture is left alone.
func TestFilmWithSound(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: footage(t, "car-detection.mp4")}}, pipeline.GraphSettings{}, r)
	r.untilFrames(t, 20)
	balanced(t, g, r)
}

// A handler that takes its time holds an unpaced film back, and loses nothing;
// one that lets go at the end does not hold the end up.
func TestAnUnpacedFilmWaitsForItsHandler(t *testing.T) {
	t.Parallel()
	path := clipOf(t, "H264", 25, "width=320,height=240", "mp4mux", ".mp4")
	r := newRecorder()
	frames, quit := make(chan *frame.Frame), make(chan struct{})
	r.onFrame = func(f *frame.Frame) {
		select {
		case frames <- f:
		case <-quit:
			f.Release()
		}
	}
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: path}}, pipeline.GraphSettings{Unpaced: true}, r)
	for range 10 {
		(<-frames).Release()
	}
	if c := g.Counts(); c.Decoded > 12 {
		t.Errorf("%d pictures were decoded while 10 were taken", c.Decoded)
	}
	close(quit)
	balanced(t, g, r)
}
