package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nvpipe/nvpipe/internal/bench/model"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// survey is what `nvpipe bench model` was asked for.
type survey struct {
	model model.Model
	grid  model.Grid
	cfg   onnx.Config
}

func benchModel(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("bench model", "MODEL", errs)
	var s survey
	s.flags(flags)
	if code, ok := parse(flags, args, 1); !ok {
		return code
	}
	if err := s.prepare(flags.Arg(0)); err != nil {
		fmt.Fprintln(errs, "nvpipe bench model:", err)
		return exitUsage
	}
	if *asJSON {
		return report("model", s.lines, out, errs)
	}
	return report("model", s.table, out, errs)
}

func (s *survey) flags(set *flag.FlagSet) {
	s.grid = model.DefaultGrid(runtime.GOMAXPROCS(0))
	list := func(of *[]int, name string, most int, usage string) {
		set.Func(name, fmt.Sprintf("%s, 1–%d, separated by commas (default %s)", usage, most, joined(*of)), func(text string) (err error) {
			*of, err = numbers(text, most)
			if of != &s.grid.Sizes {
				s.grid.CPUs = 0 // who names them wants them all
			}
			return err
		})
	}
	list(&s.grid.Sizes, "sizes", model.MaxSize, "batch sizes")
	list(&s.grid.Threads, "threads", model.MaxThreads, "threads of each instance")
	list(&s.grid.Instances, "instances", model.MaxInstances, "instances at work at once")
	set.DurationVar(&s.grid.Each, "each", s.grid.Each, "time for each size with each number of threads and instances; one call at least")
	set.StringVar(&s.model.Labels, "labels", "", "file with the model's classes, one per line; left out: the model's own, else COCO's")
	set.StringVar(&s.model.Library, "library", "", "ONNX Runtime's library; left out: what `nvpipe run` would use")
}

// prepare refuses what can be seen to be wrong before anything is measured.
func (s *survey) prepare(path string) (err error) {
	if s.grid.Each < time.Millisecond || s.grid.Each > time.Minute {
		err = invalid.Field("each", "must be 1ms–1m, is %v", s.grid.Each)
	}
	s.model.Path = path
	for _, file := range []*string{&s.model.Path, &s.model.Labels, &s.model.Library} {
		if *file != "" { // what is printed is to be pasted into a config anywhere
			var wrong error
			*file, wrong = filepath.Abs(*file)
			err = errors.Join(err, wrong)
		}
	}
	s.cfg = onnx.DefaultConfig()
	s.cfg.Model, s.cfg.Library = s.model.Path, s.model.Library
	if s.model.Labels != "" {
		s.cfg.Labels = s.model.Labels
	}
	_, wrong := onnx.New(s.cfg, onnx.Options{})
	return errors.Join(err, wrong)
}

func (s *survey) processor(threads, largest int) (model.Processor, error) {
	cfg := s.cfg
	cfg.Threads = threads
	return onnx.New(cfg, onnx.Options{MaxBatch: largest})
}

func (s *survey) measure(ctx context.Context, progress func(string)) ([]model.Point, error) {
	defer progress("")
	return model.Measure(ctx, s.grid, s.processor, func(p model.Point) {
		progress(fmt.Sprintf("threads %d, instances %d, batch of %d: %v", p.Threads, p.Instances, p.Size, p.Call.Round(10*time.Microsecond)))
	})
}

func (s *survey) lines(ctx context.Context, out io.Writer, progress func(string)) error {
	points, err := s.measure(ctx, progress)
	if err != nil {
		return err
	}
	type row struct {
		model.Setting
		Call float64 `json:"call_ms"`
		FPS  float64 `json:"fps"`
	}
	rowOf := func(p model.Point) row { return row{p.Setting, float64(p.Call.Microseconds()) / 1000, p.FPS} }
	enc := json.NewEncoder(out)
	for _, p := range points {
		if err := enc.Encode(rowOf(p)); err != nil {
			return err
		}
	}
	best := model.Recommend(points)
	return enc.Encode(struct {
		Recommended row    `json:"recommended"`
		Cost        string `json:"cost"`
		YAML        string `json:"yaml"`
	}{rowOf(best), model.Fit(points, best.Setting).String(), model.YAML(s.model, best)})
}

func (s *survey) table(ctx context.Context, out io.Writer, progress func(string)) error {
	points, err := s.measure(ctx, progress)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "threads\tinstances\tbatch\tcall ms\tms/picture\tfps\t")
	for _, p := range points {
		call := float64(p.Call.Microseconds()) / 1000
		fmt.Fprintf(w, "%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t\n", p.Threads, p.Instances, p.Size, call, call/float64(p.Size), p.FPS)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	best := model.Recommend(points)
	cost := model.Fit(points, best.Setting)
	_, err = fmt.Fprintf(out, `
The shortest call among those that serve nearly the most: threads %d, instances %d, batches of %d.
A call for n costs about %v·n there; to see how the policies do with that:
nvpipe bench batch --size %d --cost %v

%s`, best.Threads, best.Instances, best.Size, cost, best.Size, cost, model.YAML(s.model, best))
	return err
}

func numbers(text string, most int) (all []int, err error) {
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(one))
		if err != nil || n < 1 || n > most {
			return nil, fmt.Errorf("must be numbers 1–%d separated by commas, has %q", most, one)
		}
		all = append(all, n)
	}
	return all, nil
}

func joined(numbers []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ","), "[]")
}
