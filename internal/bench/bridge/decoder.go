package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

const clipFrames = 600

// behindDecoder plays a 1080p H.264 film as fast as it decodes.
func behindDecoder(rounds int) error {
	dir, err := os.MkdirTemp("", "nvpipe-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	film := filepath.Join(dir, "clip.mkv")
	// Pictures that are a millisecond apart, which is less than decoding takes.
	if err := gsttest.Film(film, "pinwheel", clipFrames, 1920, 1080, 1000, 160_000); err != nil {
		return err
	}
	var floor, ours figures
	for range rounds {
		f, err := playFilm(film, true)
		if err != nil {
			return err
		}
		o, err := playFilm(film, false)
		if err != nil {
			return err
		}
		floor, ours = better(floor, f), better(ours, o)
	}
	fmt.Println("behind a 1080p H.264 decoder, CPU per frame")
	fmt.Printf("  C, queue in the seam's place   %8.1f µs\n", floor.perFrame())
	fmt.Printf("  through Go and back            %8.1f µs   ratio %.3f (goal 1.05)   %.3f Go allocations per frame\n\n",
		ours.perFrame(), ours.perFrame()/floor.perFrame(), ours.mallocsPerFrame())
	return nil
}

// playFilm plays the clip once, without ever waiting for the clock.
func playFilm(path string, floor bool) (figures, error) {
	f := newFeed()
	if err := f.open(pipeline.Source{Film: pipeline.Film{Path: path}}, floor); err != nil {
		return figures{}, err
	}
	defer f.close()
	start := now()
	if err := f.graph.Start(); err != nil {
		return figures{}, err
	}
	limit := time.After(2 * time.Minute)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if n := f.graph.Counts().Decoded; n >= clipFrames {
				return start.until(now(), n), nil
			}
		case err := <-f.failed:
			return figures{}, err
		case <-limit:
			return figures{}, fmt.Errorf("the film did not end: %+v", f.graph.Counts())
		}
	}
}
