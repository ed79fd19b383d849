package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"
)

// memory passes many 1080p pictures and looks at the resident set.
func memory(frames int) error {
	f := newFeed()
	source := pipeline.Source{Test: pipeline.Test{Pattern: "black", Width: 1920, Height: 1080, FPS: 2000}}
	if err := f.open(source, false); err != nil {
		return err
	}
	defer f.close()
	if err := f.graph.Start(); err != nil {
		return err
	}
	limit := time.Now().Add(9 * time.Minute)
	var marks []int
	for next := uint64(frames / 10); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if n := f.graph.Counts().Decoded; n >= next {
			marks = append(marks, residentKB()/1024)
			next += uint64(frames / 10)
			if n >= uint64(frames) {
				break
			}
		}
	}
	fmt.Printf("memory over %d frames of 1080p, MB resident at each tenth: %v\n\n", f.graph.Counts().Decoded, marks)
	return nil
}

func residentKB() (kb int) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			_, _ = fmt.Sscan(rest, &kb)
		}
	}
	return kb
}
