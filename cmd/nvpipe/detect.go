package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/offline"
	"github.com/nvpipe/nvpipe/processors"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// These are past what anybody means.
const (
	maxDetectFiles = 100_000
	maxDetectFPS   = 1000
	maxDetectEvery = 1_000_000
)

// detection is what `nvpipe detect` was asked for.
type detection struct {
	cfg      onnx.Config
	config   string // file with the processor that is named instead of a model
	fps      float64
	every    int
	out      string
	boxes    bool // no annotated copies
	notice   func(string)
	modelSet []string // flags given that are about a model
}

func detectCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("detect", "MODEL PICTURE|FILM|FOLDER...", errs)
	d := detection{notice: func(text string) { fmt.Fprintln(errs, "nvpipe detect:", text) }}
	d.flags(flags)
	if code, ok := parseSome(flags, args, 2, maxDetectFiles); !ok {
		return code
	}
	flags.Visit(func(f *flag.Flag) {
		if strings.HasSuffix(f.Usage, ofModel) {
			d.modelSet = append(d.modelSet, "--"+f.Name)
		}
	})
	jobs, p, err := d.prepare(flags.Args())
	if err != nil {
		fmt.Fprintln(errs, "nvpipe detect:", err)
		return exitUsage
	}
	ctx, release := untilSignal(errs)
	defer release()
	report := newDetectReport(out, errs, *asJSON || !isTerminal(out))
	if err := d.run(ctx, p, jobs, report); err != nil {
		report.progress("")
		fmt.Fprintln(errs, "nvpipe detect:", err)
		return exitFailed
	}
	return exitFine
}

// ofModel ends the usage of what is in a config, where there is one.
const ofModel = " (not with --config)"

func (d *detection) flags(set *flag.FlagSet) {
	d.cfg = onnx.DefaultConfig()
	set.Float64Var(&d.fps, "fps", 1, "frames of each second of a film to look at; 0: all")
	set.IntVar(&d.every, "every", 0, "look at each so many-th frame of a film, whatever its rate, instead of --fps")
	set.StringVar(&d.out, "out", "", "the annotated copy; for several files a folder; left out: beside the file, as NAME-detected")
	set.BoolVar(&d.boxes, "boxes-only", false, "make no annotated copy")
	set.StringVar(&d.config, "config", "", "config file: MODEL is then the name of one of its processors")
	set.StringVar(&d.cfg.Family, "family", d.cfg.Family, "the model's family"+ofModel)
	set.StringVar(&d.cfg.Labels, "labels", d.cfg.Labels, "file with the model's classes, one per line"+ofModel)
	set.Float64Var(&d.cfg.Confidence, "confidence", d.cfg.Confidence, "least confidence, 0–1"+ofModel)
	set.Func("classes", "names of the classes wanted, separated by commas; left out: all"+ofModel, func(text string) error {
		d.cfg.Classes = split(text)
		return nil
	})
	set.Func("size", "WIDTHxHEIGHT of the input, for a model that leaves it open"+ofModel, func(text string) error {
		_, err := fmt.Sscanf(text+"\n", "%dx%d\n", &d.cfg.InputWidth, &d.cfg.InputHeight)
		if err != nil {
			return errors.New("must be WIDTHxHEIGHT in pixels, such as 640x640")
		}
		return nil
	})
	set.Func("providers", "execution providers, the one wanted most first, such as cuda,cpu"+ofModel, func(text string) error {
		d.cfg.Providers = split(text)
		return nil
	})
	set.IntVar(&d.cfg.Threads, "threads", 0, "threads of the model; 0: all there are"+ofModel)
	set.StringVar(&d.cfg.Library, "library", "", "ONNX Runtime's library; left out: as for nvpipe run"+ofModel)
}

func split(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

// prepare refuses what can be seen to be wrong before the model is loaded.
func (d *detection) prepare(args []string) ([]viewing, processors.Processor, error) {
	if !(d.fps >= 0 && d.fps <= maxDetectFPS) {
		return nil, nil, fmt.Errorf("--fps must be 0–%d, is %v", maxDetectFPS, d.fps)
	}
	if d.every < 0 || d.every > maxDetectEvery {
		return nil, nil, fmt.Errorf("--every must be 1–%d, or left out, is %d", maxDetectEvery, d.every)
	}
	if d.boxes && d.out != "" {
		return nil, nil, errors.New("--boxes-only and --out exclude each other")
	}
	p, err := d.processor(args[0])
	if err != nil {
		return nil, nil, err
	}
	jobs, err := d.jobs(args[1:])
	return jobs, p, err
}

// processor is the model at that path, or the config's processor of that name.
func (d *detection) processor(name string) (processors.Processor, error) {
	if d.config == "" {
		d.cfg.Model = name
		p, err := onnx.New(d.cfg, onnx.Options{MaxBatch: 1, OnNotice: d.notice, OnTrouble: d.notice})
		if err != nil {
			return nil, asFlags(err)
		}
		return p, nil
	}
	if len(d.modelSet) > 0 {
		return nil, fmt.Errorf("with --config the processor's settings are those of the file: leave out %s", strings.Join(d.modelSet, ", "))
	}
	types := app.BuiltinTypes()
	c, err := config.Load(d.config, config.Options{Processors: types.Registry()})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range c.Processors {
		if p.Name == name {
			p.Batch.MaxBatchSize = 1
			return types[p.Type].Make(p.Settings, p.Batch, app.Tell{Notice: d.notice, Trouble: d.notice})
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("%s has no processor %q; it has %s", d.config, name, strings.Join(names, ", "))
}

// asFlags names the flags that set what the keys of a mistake stand for.
func asFlags(err error) error {
	if e := (*invalid.Error)(nil); errors.As(err, &e) && strings.HasPrefix(e.Key(), "input_") {
		return fmt.Errorf("%w (as --size WIDTHxHEIGHT)", err)
	}
	return err
}

// run looks at every file. One that cannot be read does not keep the others
// from being looked at.
func (d *detection) run(ctx context.Context, p processors.Processor, jobs []viewing, report *detectReport) (err error) {
	// Some accelerators want a processor to stay on one thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	v := offline.Viewer{Processor: p, FPS: d.fps, Every: d.every, Each: report.look}
	var failed error
	for _, j := range jobs {
		report.begin(j)
		err := v.View(ctx, j.file, j.copied)
		report.end(err)
		if ctx.Err() != nil {
			return errors.New("interrupted; what was found so far is complete")
		}
		if len(jobs) > 1 && err != nil {
			fmt.Fprintln(report.errs, "nvpipe detect:", err)
			err = fmt.Errorf("%s and maybe others could not be looked at to the end", j.file)
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}
