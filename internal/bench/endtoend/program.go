package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe"
)

// startLimit is past any model's start and warm-up.
const startLimit = time.Minute

// throughProgram runs the films as feeds of the program.
func throughProgram(_ context.Context, j job) (figures, error) {
	dir, err := os.MkdirTemp("", "nvpipe-endtoend-")
	if err != nil {
		return figures{}, err
	}
	defer os.RemoveAll(dir)
	var delivered atomic.Int64
	first := make(chan struct{}, 1)
	rt, err := nvpipe.New(nvpipe.Options{
		Config: configOf(j, dir),
		OnResult: func(*nvpipe.Frame, []nvpipe.Finding) {
			if delivered.Add(1) == 1 {
				first <- struct{}{}
			}
		},
	})
	if err != nil {
		return figures{}, err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended, began := make(chan error, 1), time.Now()
	go func() { ended <- rt.Run(ctx) }()
	select {
	case <-first:
	case err := <-ended:
		return figures{}, err
	case <-time.After(startLimit):
		stop()
		return figures{}, errors.Join(fmt.Errorf("no result within %v: run the same config with nvpipe run to see why", startLimit), <-ended)
	}
	took := time.Since(began)
	time.Sleep(j.warm)
	m, before := newMeter(), countsOf(rt)
	delivered.Store(0)
	time.Sleep(j.length)
	f, after := m.stop(int(delivered.Load())), countsOf(rt)
	f.decoded, f.first = after.decoded-before.decoded, took
	f.batch = float64(f.frames) / float64(max(after.batches-before.batches, 1))
	stop()
	return f, <-ended
}

type counts struct{ decoded, batches int }

func countsOf(rt *nvpipe.Runtime) (c counts) {
	s := rt.Snapshot()
	for _, f := range s.Feeds {
		c.decoded += int(f.Decoded)
	}
	for _, p := range s.Processors {
		for _, n := range p.Batch.Batches {
			c.batches += int(n)
		}
	}
	return c
}

func configOf(j job, dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors:
  detector: {type: onnx, model: %q, library: %q, threads: %d, batch: {max_batch_size: %d}}
defaults: {processors: [detector]}
feeds:
`, j.model, j.library, j.threads, maxBatch(j))
	for i, film := range j.films {
		fmt.Fprintf(&b, "  feed%d: {source: {film: {path: %q, loop: true}}}\n", i+1, film)
	}
	path := filepath.Join(dir, "nvpipe.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return ""
	}
	return path
}

func maxBatch(j job) int { return min(len(j.films), 8) }
