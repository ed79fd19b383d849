package gstgraph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Frames that enter Go together keep their order, their times and the books,
// whenever a graph among others is closed. Gathering is of the whole process.
func TestGatheredFramesAreAccountedFor(t *testing.T) {
	t.Parallel()
	child(t, "gather")
}

func playGathered() error {
	Gather(3 * time.Millisecond)
	done := make(chan error)
	const feeds = 6
	for range feeds {
		go func() { done <- playOneGathered() }()
	}
	var errs []error
	for range feeds {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

func playOneGathered() error {
	for range 20 {
		if err := playAndClose(1 + rand.Uint64N(40)); err != nil {
			return err
		}
	}
	return nil
}

func playAndClose(frames uint64) error {
	reached := make(chan struct{})
	var n uint64
	var last time.Duration
	var wrong error
	r := newRecorder()
	r.onFrame = func(f *frame.Frame) {
		if waited := time.Since(f.Arrived); waited < 0 || f.PTS <= last && n > 0 {
			wrong = fmt.Errorf("frame %d at %v after one at %v, arrived %v ago", n, f.PTS, last, waited)
		}
		last = f.PTS
		if n++; n == frames {
			close(reached)
		}
		f.Release()
	}
	g, err := Build(testSource(64, 64, 200), pipeline.GraphSettings{}, &quiet{r})
	if err != nil {
		return err
	}
	if err := g.Start(); err != nil {
		return err
	}
	select {
	case <-reached:
	case <-time.After(20 * time.Second):
		return errors.New("too few frames")
	}
	if err := g.CloseInput(context.Background()); err != nil {
		return err
	}
	if c := g.Counts(); c.Decoded != n+c.Lost {
		return fmt.Errorf("decoded %d, but %d arrived and %d were lost", c.Decoded, n, c.Lost)
	}
	return errors.Join(wrong, g.Close(context.Background()))
}
