package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/bench/model"
)

// having measures what it takes to have a processor for batches of 8, and then
// one more: memory, and the time from nothing to the first result.
func (b bench) having(ctx context.Context) error {
	for n, what := range []string{"first processor, with the library", "second processor"} {
		before, began := resident(), time.Now()
		p, err := b.processor(runtime.GOMAXPROCS(0), 8)
		if err != nil {
			return err
		}
		if err := p.Start(ctx); err != nil {
			return err
		}
		defer p.Stop()
		if err := p.Process(ctx, []frame.Entry{{Frame: model.Picture(n)}}); err != nil {
			return err
		}
		fmt.Printf("%s: %.0f MiB, %.2f s from nothing to a result\n", what, float64(resident()-before)/(1<<20), time.Since(began).Seconds())
	}
	return nil
}

// resident is the memory of this process that is in RAM, in bytes.
func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var all, pages int
	if _, err := fmt.Sscan(string(text), &all, &pages); err != nil {
		return 0
	}
	return pages * os.Getpagesize()
}
