package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// feed is the least that can stand between a graph and a coordinator: it
// submits every frame, and pushes what comes back.
type feed struct {
	graph  pipeline.Graph
	port   *batchsink.Port // nil: straight back
	seq    uint64
	pushed atomic.Uint64
	lost   atomic.Uint64
	ended  chan struct{}
	failed chan error
}

func newFeed() *feed {
	return &feed{ended: make(chan struct{}, 1), failed: make(chan error, 1)}
}

func (f *feed) OnFrame(fr *frame.Frame) {
	f.seq++
	fr.Seq = f.seq
	if f.port == nil {
		f.push(fr)
		fr.Release()
		return
	}
	if _, err := f.port.Submit(fr, frame.ViewState{}); err != nil {
		f.lost.Add(1)
	}
	fr.Release()
}

// settled runs on the coordinator's goroutine.
func (f *feed) settled(t *batchsink.Ticket) {
	f.push(t.Frame())
}

func (f *feed) push(fr *frame.Frame) {
	if f.graph.Push(fr, nil) != nil {
		f.lost.Add(1)
		return
	}
	f.pushed.Add(1)
}

func (f *feed) OnPacket(frame.Packet) {}

func (f *feed) OnEvent(e pipeline.GraphEvent) {
	switch e.Kind {
	case pipeline.EventEOS:
		signal(f.ended, struct{}{})
	case pipeline.EventError:
		signal(f.failed, e.Err)
	}
}

func signal[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

// open builds the graph of a feed: with the way through Go, or the floor.
func (f *feed) open(s pipeline.Source, floor bool) (err error) {
	if floor {
		f.graph, err = gstgraph.BuildFloor(s, f)
	} else {
		f.graph, err = gstgraph.Build(s, pipeline.GraphSettings{DiscardContinuation: true}, f)
	}
	return err
}

func (f *feed) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return f.graph.Close(ctx)
}

// noop is the processor of the bench.
type noop struct{}

func (noop) Start(context.Context) error                  { return nil }
func (noop) Process(context.Context, []frame.Entry) error { return nil }
func (noop) Stop() error                                  { return nil }
func (noop) Traits() frame.Traits                         { return frame.Traits{} }

// coordinator collects batches of 8 for at most 10 ms.
func coordinator() (*batchsink.Handle, error) {
	c := batchsink.DefaultConfig()
	c.MaxBatchSize, c.MaxLatency, c.Policy, c.MaxInFlightPerFeed = 8, 10*time.Millisecond, "window", 4
	factory := func() (batchsink.Processor, error) { return noop{}, nil }
	h, err := batchsink.New(context.Background(), "noop", c, factory, batchsink.Options{})
	if err != nil {
		return nil, fmt.Errorf("coordinator: %w", err)
	}
	return h, nil
}
