package offline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// closeLimit bounds the end of a film's graph.
const closeLimit = 10 * time.Second

// reel is a film being decoded: the graph's thread waits in OnFrame until a
// chosen frame is taken, so the decoder is never ahead.
type reel struct {
	pick   picker // of the graph's thread until eos
	frames chan *frame.Frame
	eos    chan struct{}
	failed chan error
	quit   chan struct{}
}

// play decodes a film and calls take, on the caller's goroutine, with the
// frames that are chosen. A frame is released when take returns.
func play(ctx context.Context, path string, pick picker, take func(*frame.Frame) error) error {
	r := &reel{
		pick: pick, frames: make(chan *frame.Frame),
		eos: make(chan struct{}), failed: make(chan error, 1), quit: make(chan struct{}),
	}
	source := pipeline.Source{Film: pipeline.Film{Path: path}}
	g, err := gstgraph.Build(source, pipeline.GraphSettings{Feed: "film", Unpaced: true}, r)
	if err != nil {
		return fmt.Errorf("%s: %w", path, plain(err))
	}
	if err = g.Start(); err == nil {
		err = r.run(ctx, take)
	}
	close(r.quit)
	within, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	closed := g.Close(within)
	if f := r.pick.held; closed == nil && f != nil {
		f.Release()
	}
	if err = errors.Join(plain(err), closed); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// plain is a graph's error without the class that decides on reconnecting.
func plain(err error) error {
	if e := (*pipeline.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func (r *reel) run(ctx context.Context, take func(*frame.Frame) error) error {
	hand := func(f *frame.Frame) error {
		defer f.Release()
		return take(f)
	}
	for {
		select {
		case f := <-r.frames:
			if err := hand(f); err != nil {
				return err
			}
		case <-r.eos:
			if f := r.pick.last(); f != nil {
				return hand(f)
			}
			return nil
		case err := <-r.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// OnFrame implements [pipeline.GraphHandler].
func (r *reel) OnFrame(f *frame.Frame) {
	f.Feed = "film"
	if f = r.pick.next(f); f == nil {
		return
	}
	select {
	case r.frames <- f:
	case <-r.quit:
		f.Release()
	}
}

// OnEvent implements [pipeline.GraphHandler]. The end comes on the thread that
// has brought the last frame.
func (r *reel) OnEvent(e pipeline.GraphEvent) {
	switch e.Kind {
	case pipeline.EventEOS:
		close(r.eos)
	case pipeline.EventError:
		select {
		case r.failed <- e.Err:
		default:
		}
	}
}

// OnPacket implements [pipeline.GraphHandler]; the graph encodes nothing.
func (*reel) OnPacket(frame.Packet) {}
