package gstgraph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// GStreamer's own tracer counts what is alive after 5,000 frames have passed
// the bridge, been drawn on and encoded, and after a camera and a refused camera.
func TestNoNativeObjectLeaks(t *testing.T) {
	t.Parallel()
	out := child(t, "leaks", "GST_TRACERS=leaks", "GST_DEBUG=GST_TRACER:7")
	if !strings.Contains(out, "passed 5000") {
		t.Fatal(tail(out))
	}
	if strings.Contains(out, "object-alive, type-name=(string)Gst") {
		t.Errorf("objects are alive:\n%s", tail(out))
	}
}

// The control: a graph that is not closed shows in the tracer.
func TestLeaksTracerSeesALeak(t *testing.T) {
	t.Parallel()
	out := child(t, "leaks", "GST_TRACERS=leaks", "GST_DEBUG=GST_TRACER:7", "NVPIPE_LEAK=1")
	if !strings.Contains(out, "object-alive, type-name=(string)Gst") {
		t.Errorf("a sample that was never released is not seen:\n%s", tail(out))
	}
}

// playWithTwoDecoders plays a film of which the first decoder fails.
func playWithTwoDecoders() error {
	dir, err := os.MkdirTemp("", "film")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "film.mkv")
	if err := gsttest.Film(path, "ball", 600, 64, 64, 25, 100); err != nil {
		return err
	}
	ended := make(chan struct{})
	r := newRecorder()
	film := pipeline.Source{Film: pipeline.Film{Path: path}}
	g, err := Build(film, pipeline.GraphSettings{Decoders: []string{"fails", "fails_late", "avdec_h264"}, Unpaced: true}, &untilEOS{r, ended})
	if err != nil {
		return err
	}
	if err := g.Start(); err != nil {
		return err
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		return errors.New("the film does not end")
	}
	if got := fmt.Sprint(r.decoders()); got != "[fails_late avdec_h264]" {
		return fmt.Errorf("decoded by %s", got)
	}
	return g.Close(context.Background())
}

type untilEOS struct {
	*recorder
	ended chan struct{}
}

func (u *untilEOS) OnEvent(e pipeline.GraphEvent) {
	u.recorder.OnEvent(e)
	if e.Kind == pipeline.EventEOS {
		close(u.ended)
	}
}

func playForTheLeaksTracer() error {
	const frames = 5000
	passed := make(chan struct{})
	n := 0
	var g pipeline.Graph
	ready := make(chan struct{})
	r := newRecorder()
	r.onFrame = func(f *frame.Frame) {
		if n == 0 {
			<-ready
		}
		if n++; n == frames {
			close(passed)
		}
		_ = g.Push(f, findings())
		if n != 1 || !leak() {
			f.Release()
		}
	}
	g, err := Build(testSource(64, 64, 4000), pipeline.GraphSettings{Annotate: true, Draw: brighten}, &quiet{r})
	if err != nil {
		return err
	}
	close(ready)
	if err := g.Start(); err != nil {
		return err
	}
	select {
	case <-passed:
	case <-time.After(time.Minute):
		return errors.New("too few frames")
	}
	if err := g.Close(context.Background()); err != nil {
		return err
	}
	for _, password := range []string{canaryPassword, "wrong"} {
		if err := playOneWithSecrets(true, password); err != nil {
			return err
		}
	}
	if err := playWithTwoDecoders(); err != nil {
		return err
	}
	fmt.Println("passed", frames)
	gsttest.Deinit()
	return nil
}
