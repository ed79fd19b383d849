// Command choice measures whether what `nvpipe bench model` recommends is what
// serves the most on this machine, and what a processor costs to have.
//
//	choice -model yolox.onnx
//
// The recommendation is made as the command makes it, from one pass over the
// settings. Then every setting is measured again in several passes, in turns,
// so that what disturbs the machine for a while disturbs all of them; each
// counts with its median.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/internal/bench/model"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

func main() {
	var b bench
	flag.StringVar(&b.path, "model", "", "ONNX model")
	flag.StringVar(&b.library, "library", os.Getenv("NVPIPE_ONNXRUNTIME"), "ONNX Runtime's library")
	flag.StringVar(&b.labels, "labels", "", "file with the model's classes")
	flag.DurationVar(&b.each, "each", 300*time.Millisecond, "time for each setting in each pass")
	rounds := flag.Int("rounds", 5, "passes")
	flag.Parse()
	err := errors.New("-model is needed")
	if b.path != "" {
		err = b.run(context.Background(), *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "choice:", err)
		os.Exit(1)
	}
}

type bench struct {
	path, library, labels string
	each                  time.Duration
}

func (b bench) processor(threads, largest int) (model.Processor, error) {
	cfg := onnx.DefaultConfig()
	cfg.Model, cfg.Library, cfg.Threads = b.path, b.library, threads
	if b.labels != "" {
		cfg.Labels = b.labels
	}
	return onnx.New(cfg, onnx.Options{MaxBatch: largest})
}

func (b bench) run(ctx context.Context, rounds int) error {
	if err := b.having(ctx); err != nil {
		return err
	}
	grid := model.DefaultGrid(runtime.GOMAXPROCS(0))
	grid.Sizes, grid.Each = []int{1, 2, 4, 8}, b.each
	quiet := func(model.Point) {}
	once, err := model.Measure(ctx, grid, b.processor, quiet)
	if err != nil {
		return err
	}
	chosen := model.Recommend(once).Setting
	fps := map[model.Setting][]float64{}
	for range rounds {
		points, err := model.Measure(ctx, grid, b.processor, quiet)
		if err != nil {
			return err
		}
		for _, p := range points {
			fps[p.Setting] = append(fps[p.Setting], p.FPS)
		}
	}
	report(once, fps, chosen)
	return nil
}

func report(points []model.Point, fps map[model.Setting][]float64, chosen model.Setting) {
	best := 0.
	for _, all := range fps {
		best = max(best, median(all))
	}
	fmt.Println("threads  instances  batch  median fps  of the best")
	for _, p := range points {
		mark := ""
		if p.Setting == chosen {
			mark = "  ← recommended"
		}
		m := median(fps[p.Setting])
		fmt.Printf("%7d  %9d  %5d  %10.1f  %11.3f%s\n", p.Threads, p.Instances, p.Size, m, m/best, mark)
	}
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
