package main

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// newest keeps the newest frame of one film for the loop.
type newest struct {
	frame atomic.Pointer[frame.Frame]
	count atomic.Int64
	wake  chan struct{} // of the loop
}

func (n *newest) OnFrame(f *frame.Frame) {
	n.count.Add(1)
	if old := n.frame.Swap(f); old != nil {
		old.Release()
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (*newest) OnEvent(pipeline.GraphEvent) {}
func (*newest) OnPacket(frame.Packet)       {}

// bareLoop decodes with the same graphs and infers with the same processor, and
// has nothing in between.
func bareLoop(ctx context.Context, j job) (figures, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := j.processor()
	if err != nil {
		return figures{}, err
	}
	if err := p.Start(ctx); err != nil {
		return figures{}, err
	}
	defer p.Stop()
	slots, closeAll, err := play(j)
	defer closeAll()
	if err != nil {
		return figures{}, err
	}
	if _, err := infer(ctx, p, slots, maxBatch(j), time.Now().Add(j.warm)); err != nil {
		return figures{}, err
	}
	m := newMeter()
	frames, err := infer(ctx, p, slots, maxBatch(j), time.Now().Add(j.length))
	return m.stop(frames), err
}

func play(j job) (slots []*newest, closeAll func(), err error) {
	wake := make(chan struct{}, 1)
	var graphs []pipeline.Graph
	closeAll = func() {
		defer func() { graphs = nil }()
		for i, g := range graphs {
			_ = g.CloseInput(context.Background())
			if f := slots[i].frame.Swap(nil); f != nil {
				f.Release()
			}
			_ = g.Close(context.Background())
		}
	}
	for _, film := range j.films {
		slot := &newest{wake: wake}
		source := pipeline.DefaultSource()
		source.Film = pipeline.Film{Path: film, Loop: true}
		g, err := gstgraph.Build(source, pipeline.GraphSettings{Feed: "bare"}, slot)
		if err != nil {
			return slots, closeAll, err
		}
		slots, graphs = append(slots, slot), append(graphs, g)
		if err := g.Start(); err != nil {
			return slots, closeAll, err
		}
	}
	return slots, closeAll, nil
}

// infer runs the processor on whatever is newest, until the time is over.
func infer(ctx context.Context, p *onnx.Processor, slots []*newest, most int, until time.Time) (frames int, err error) {
	batch := make([]frame.Entry, 0, most)
	over := time.NewTimer(time.Until(until))
	defer over.Stop()
	for next := 0; ; {
		batch = batch[:0]
		for range slots {
			if f := slots[next].frame.Swap(nil); f != nil {
				batch = append(batch, frame.Entry{Frame: f})
			}
			if next = (next + 1) % len(slots); len(batch) == most {
				break
			}
		}
		if len(batch) > 0 {
			err := p.Process(ctx, batch)
			for _, e := range batch {
				e.Frame.Release()
			}
			if err != nil {
				return frames, err
			}
			frames += len(batch)
		}
		if time.Now().After(until) {
			return frames, nil
		}
		if len(batch) == 0 {
			select {
			case <-slots[0].wake:
			case <-over.C:
			}
		}
	}
}
