// Command endtoend measures the whole program against a bare loop that decodes,
// letterboxes and infers the same frames itself, in turns in one process: how
// many frames a second are inferred, and what CPU each costs.
//
//	endtoend -model yolox.onnx -films a.mp4,b.mp4
//
// The loop is the floor: it has no queue, no fairness, no ledger, no timeouts.
// It takes the newest frame of each film, runs the same processor on them, and
// starts again.
//
// And the parts of the work are measured apart, with nothing beside them: what
// a frame costs to decode, to letterbox and to infer in batches as large as the
// program's were. The last ratio is the program's whole CPU time by what the
// frames that it decoded and inferred cost by that.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

type job struct {
	model, library string
	films          []string // one per feed
	threads        int
	warm, length   time.Duration
}

// figures are what one run measured.
type figures struct {
	frames  int
	seconds float64
	cpu     time.Duration // of the whole process

	// Of the program alone:
	decoded int
	batch   float64       // frames in a batch, on average
	first   time.Duration // from start to the first result
}

func (f figures) rate() float64 { return float64(f.frames) / f.seconds }

func (f figures) each() time.Duration { return f.cpu / time.Duration(max(f.frames, 1)) }

func (f figures) cpuPerFrame() float64 {
	return float64(f.cpu.Microseconds()) / 1000 / float64(max(f.frames, 1))
}

func main() {
	model := flag.String("model", "", "ONNX model")
	library := flag.String("library", os.Getenv("NVPIPE_ONNXRUNTIME"), "ONNX Runtime's library")
	films := flag.String("films", "", "films, comma separated; feeds take them in turn")
	counts := flag.String("feeds", "1,4,8", "numbers of feeds to measure")
	length := flag.Duration("for", 10*time.Second, "length of each run")
	rounds := flag.Int("rounds", 2, "runs of each kind, in turns; the best counts")
	threads := flag.Int("threads", 0, "threads of the model; 0: all cores")
	flag.Parse()
	err := errors.New("-model and -films are needed")
	if *model != "" && *films != "" {
		paths := strings.Split(*films, ",")
		for _, path := range append([]*string{model}, pointers(paths)...) {
			// A config's relative paths are relative to the config file.
			*path, err = filepath.Abs(*path)
		}
		j := job{model: *model, library: *library, threads: *threads, warm: 2 * time.Second, length: *length}
		err = errors.Join(err, run(j, paths, strings.Split(*counts, ","), *rounds))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "endtoend:", err)
		os.Exit(1)
	}
}

func pointers(list []string) (all []*string) {
	for i := range list {
		all = append(all, &list[i])
	}
	return all
}

func run(j job, films, counts []string, rounds int) error {
	fmt.Println("feeds  inferred/s  bare loop  ratio  |  CPU ms/frame  bare loop  |  apart: decode  letterbox  infer  ratio  |  first result s")
	for _, count := range counts {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return fmt.Errorf("-feeds: %q is no number of feeds", count)
		}
		j.films = nil
		for i := range n {
			j.films = append(j.films, films[i%len(films)])
		}
		var whole, bare figures
		for range rounds {
			if whole, err = better(whole, j, throughProgram); err != nil {
				return err
			}
			if bare, err = better(bare, j, bareLoop); err != nil {
				return err
			}
		}
		parts, err := apart(context.Background(), j, max(int(math.Round(whole.batch)), 1))
		if err != nil {
			return err
		}
		fmt.Printf("%5d  %10.1f  %9.1f  %5.3f  |  %12.1f  %9.1f  |  %13.2f  %9.2f  %5.1f  %5.3f  |  %14.2f\n",
			n, whole.rate(), bare.rate(), whole.rate()/bare.rate(), whole.cpuPerFrame(), bare.cpuPerFrame(),
			ms(parts.decode), ms(parts.letterbox), ms(parts.infer),
			whole.cpu.Seconds()/parts.of(whole.decoded, whole.frames).Seconds(), whole.first.Seconds())
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func better(best figures, j job, measure func(context.Context, job) (figures, error)) (figures, error) {
	f, err := measure(context.Background(), j)
	if err != nil {
		return best, err
	}
	if best.frames == 0 || f.rate() > best.rate() {
		best = f
	}
	return best, nil
}

// meter measures from its making until stop.
type meter struct {
	began time.Time
	cpu   time.Duration
}

func newMeter() meter { return meter{time.Now(), cpuTime()} }

func (m meter) stop(frames int) figures {
	return figures{frames: frames, seconds: time.Since(m.began).Seconds(), cpu: cpuTime() - m.cpu}
}

func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
