package onnx

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
)

// Options is what code passes in beside the users' Config.
type Options struct {
	// MaxBatch is the largest batch to expect: Start warms up for it. Larger
	// ones are run in parts. 0: 1.
	MaxBatch int
	// Instances is how many processors of this config run at once and share the
	// machine's processors. 0: 1.
	Instances int
	// Overlap leaves the reading of what comes out to Entry.Finish, so that it
	// can be done beside the next batch; who calls Process must then call that.
	Overlap bool
	// OnNotice, if set, is told what an operator should know, a few times per
	// Start, from Start's goroutine.
	OnNotice func(text string)
	// OnTrouble, if set, is told the same way what is not as it was meant to
	// be: a provider that was passed over.
	OnTrouble func(text string)
}

// Processor is a detector. Start, Process and Stop are for one goroutine,
// Prepare and Figures for any.
type Processor struct {
	cfg     Config
	opts    Options
	plan    *detect.Plan
	intake  *detect.Intake
	threads int
	files   modelFiles
	figures figures

	// From Start to Stop.
	net      *network
	detector *detect.Detector
}

// New checks cfg against the model's own description and the labels, all
// without the runtime. Its errors are about keys of Config, like Validate's.
func New(cfg Config, opts Options) (*Processor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	model, err := modelfile.Read(cfg.Model)
	if err != nil {
		return nil, invalid.Field("model", "%v", err)
	}
	files := modelFiles{cfg.Model, model.External, cfg.SHA256}
	if err := files.check(); err != nil {
		return nil, err
	}
	plan, err := detect.NewPlan(model.Model, filepath.Base(cfg.Model), cfg.Config)
	if err != nil {
		return nil, err
	}
	threads := cfg.Threads
	if threads == 0 { // GOMAXPROCS knows the limits of a container
		threads = max(runtime.GOMAXPROCS(0)/max(opts.Instances, 1), 1)
	}
	opts.MaxBatch = max(opts.MaxBatch, 1)
	if opts.OnNotice == nil {
		opts.OnNotice = func(string) {}
	}
	if opts.OnTrouble == nil {
		opts.OnTrouble = func(string) {}
	}
	return &Processor{
		cfg: cfg, opts: opts, plan: plan, intake: detect.NewIntake(plan, opts.MaxBatch), threads: threads,
		files: files, figures: figures{fallbacks: map[string]int{}},
	}, nil
}

// Traits has the model's batch size, if it is fixed.
func (p *Processor) Traits() frame.Traits {
	if p.plan.OpenBatch() {
		return frame.Traits{}
	}
	return frame.Traits{BatchSizes: []int{p.plan.Batch}}
}

// Target is how a picture becomes the model's input.
func (p *Processor) Target() letterbox.Target { return p.plan.Target }

// Prepare letterboxes an entry's picture before its batch is known, beside
// whatever runs; nil: there is no room now. See [detect.Intake].
func (p *Processor) Prepare(e *frame.Entry) frame.Prepared { return p.intake.Prepare(e) }

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; an error of the runtime fails the batch.
func (p *Processor) Process(ctx context.Context, batch []frame.Entry) error {
	if p.net == nil {
		return errors.New("onnx: not started")
	}
	if err := p.detector.Process(ctx, batch); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// Stop frees the model. It may be called before Start and twice.
func (p *Processor) Stop() error {
	if p.net == nil {
		return nil
	}
	p.detector.Close()
	err := p.net.close()
	p.net, p.detector = nil, nil
	p.figures.runsOn("")
	return err
}
