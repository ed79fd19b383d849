// Command bridge measures what the way through Go costs: decoder → appsink →
// no-op → appsrc → sink, beside the same pipeline in C with a queue in the
// seam's place. Both run in turns in one process, and the best run of each
// counts.
//
//	bridge [-for 10s] [-rounds 3] [-frames 20000]
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	length := flag.Duration("for", 10*time.Second, "length of each paced run")
	rounds := flag.Int("rounds", 3, "runs of each kind, in turns; the best counts")
	frames := flag.Int("frames", 20_000, "1080p frames of the memory run")
	part := flag.String("part", "all", "decoder, paced, memory or all")
	flag.Parse()
	parts := []struct {
		name string
		run  func() error
	}{
		{"decoder", func() error { return behindDecoder(*rounds) }},
		{"paced", func() error { return paced(*rounds, *length) }},
		{"memory", func() error { return memory(*frames) }},
	}
	for _, p := range parts {
		if *part != "all" && *part != p.name {
			continue
		}
		if err := p.run(); err != nil {
			fmt.Fprintln(os.Stderr, "bridge:", err)
			os.Exit(1)
		}
	}
}
