package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

const (
	pacedFeeds = 16
	pacedFPS   = 50
)

// kind of a paced run.
type kind int

const (
	queueInC         kind = iota
	straight              // through Go, pushed back at once
	batched               // through the coordinator
	gatheredStraight      // the same two, with frames entering Go together
	gatheredBatched
	kinds
)

// gatherFor is how long a frame may wait to enter Go with others.
const gatherFor = 10 * time.Millisecond

// paced runs 16 feeds of 320×320 at 50 frames/s each.
func paced(rounds int, length time.Duration) error {
	var best [kinds]figures
	for range rounds {
		for k := range kinds {
			f, err := runPaced(k, length)
			if err != nil {
				return err
			}
			best[k] = better(best[k], f)
		}
	}
	floor := best[queueInC].perFrame()
	fmt.Printf("paced, %d feeds × %d frames/s, 320×320, CPU per frame\n", pacedFeeds, pacedFPS)
	fmt.Printf("  C, queue in the seam's place   %8.1f µs\n", floor)
	for _, line := range []struct {
		name string
		k    kind
	}{{"through Go and straight back", straight}, {"through the coordinator", batched},
		{"gathered, straight back", gatheredStraight}, {"gathered, coordinator", gatheredBatched}} {
		f := best[line.k]
		fmt.Printf("  %-30s %8.1f µs   %+.1f µs above the queue (goal 130, stretch 100)   %.3f Go allocations per frame",
			line.name, f.perFrame(), f.perFrame()-floor, f.mallocsPerFrame())
		if f.batch > 0 {
			fmt.Printf("   batches of %.1f", f.batch)
		}
		fmt.Println()
	}
	fmt.Println()
	return nil
}

func runPaced(k kind, length time.Duration) (f figures, err error) {
	var h *batchsink.Handle
	gstgraph.Gather(0)
	if k == gatheredStraight || k == gatheredBatched {
		gstgraph.Gather(gatherFor)
	}
	if k == batched || k == gatheredBatched {
		if h, err = coordinator(); err != nil {
			return f, err
		}
	}
	feeds := make([]*feed, pacedFeeds)
	for i := range feeds {
		if feeds[i], err = startPaced(i, k, h); err != nil {
			return f, err
		}
	}
	time.Sleep(time.Second)
	before, from := now(), decoded(feeds)
	batches := batchesOf(h)
	time.Sleep(length)
	f = before.until(now(), decoded(feeds)-from)
	if n := batchesOf(h) - batches; n > 0 {
		f.batch = float64(f.frames) / float64(n)
	}
	return f, errors.Join(stop(feeds, h), complete(feeds, k))
}

func startPaced(i int, k kind, h *batchsink.Handle) (*feed, error) {
	f := newFeed()
	source := pipeline.Source{Test: pipeline.Test{Pattern: "black", Width: 320, Height: 320, FPS: pacedFPS}}
	if err := f.open(source, k == queueInC); err != nil {
		return nil, err
	}
	if h != nil {
		port, err := h.Attach(frame.FeedID(fmt.Sprintf("feed%d", i)), batchsink.FeedOptions{Settled: f.settled})
		if err != nil {
			return nil, err
		}
		f.port = port
	}
	return f, f.graph.Start()
}

func decoded(feeds []*feed) (n uint64) {
	for _, f := range feeds {
		n += f.graph.Counts().Decoded
	}
	return n
}

func batchesOf(h *batchsink.Handle) (n uint64) {
	if h == nil {
		return 0
	}
	for _, b := range h.Stats().Batches {
		n += b
	}
	return n
}

func stop(feeds []*feed, h *batchsink.Handle) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	for _, f := range feeds {
		errs = append(errs, f.graph.CloseInput(ctx))
	}
	if h != nil {
		errs = append(errs, h.Stop(ctx))
	}
	for _, f := range feeds {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// complete: a run that lost frames measured something else.
func complete(feeds []*feed, k kind) error {
	for _, f := range feeds {
		if n := f.lost.Load(); k != queueInC && n > f.pushed.Load()/20 {
			return fmt.Errorf("%d of %d frames were not pushed", n, n+f.pushed.Load())
		}
	}
	return nil
}
