package onnx

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
)

// Options is what code passes in beside the users' Config.
type Options struct {
	// MaxBatch is the largest batch to expect: Start warms up for it. Larger
	// ones are run in parts. 0: 1.
	MaxBatch int
	// Overlap leaves the reading of what comes out to Entry.Finish, so that it
	// can be done beside the next batch; who calls Process must then call that.
	Overlap bool
	// OnNotice, if set, is told what an operator should know, a few times per
	// Start, from Start's goroutine.
	OnNotice func(text string)
}

// Processor is a detector. Start, Process and Stop are for one goroutine,
// Prepare for any.
type Processor struct {
	cfg     Config
	opts    Options
	plan    *detect.Plan
	intake  *detect.Intake
	threads int

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
	plan, err := detect.NewPlan(model.Model, filepath.Base(cfg.Model), cfg.Config)
	if err != nil {
		return nil, err
	}
	threads := cfg.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0) // knows the limits of a container
	}
	opts.MaxBatch = max(opts.MaxBatch, 1)
	if opts.OnNotice == nil {
		opts.OnNotice = func(string) {}
	}
	return &Processor{cfg: cfg, opts: opts, plan: plan, intake: detect.NewIntake(plan, opts.MaxBatch), threads: threads}, nil
}

// Traits has the model's batch size, if it is fixed.
func (p *Processor) Traits() frame.Traits {
	if p.plan.OpenBatch() {
		return frame.Traits{}
	}
	return frame.Traits{BatchSizes: []int{p.plan.Batch}}
}

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

// Start loads the library and the model, checks what the model gives and warms
// it up. After an error nothing is left behind but, possibly, the library.
func (p *Processor) Start(ctx context.Context) error {
	if p.net != nil {
		return errors.New("onnx: started already")
	}
	library, err := loadEnvironment(newSearch(p.cfg.Library))
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	net, err := loadNetwork(p.cfg.Model, p.plan, p.threads)
	if err != nil {
		return fmt.Errorf("onnx: model %s: ONNX Runtime %s refuses it: %w", p.cfg.Model, ort.GetVersion(), refusal(err))
	}
	d := detect.NewDetector(p.intake, net, detect.Options{Threads: p.threads, Overlap: p.opts.Overlap})
	if err := p.warm(ctx, d); err != nil {
		d.Close()
		return errors.Join(fmt.Errorf("onnx: model %s: %w", p.cfg.Model, refusal(err)), net.close())
	}
	p.net, p.detector = net, d
	p.announce(library)
	return nil
}

func (p *Processor) announce(library string) {
	p.opts.OnNotice(fmt.Sprintf("ONNX Runtime %s from %s", ort.GetVersion(), library))
	if p.plan.Batch == 1 && p.opts.MaxBatch > 1 {
		p.opts.OnNotice(fmt.Sprintf("model %s takes one picture at a time (batch dimension fixed at 1): batches are run one by one; "+
			"export it with an open batch dimension (dynamic_axes) to have them run together", p.cfg.Model))
	}
}

// warm proves that the model gives what it promises and runs every batch size
// that is to be expected once: the first run of a size plans its memory.
func (p *Processor) warm(ctx context.Context, d *detect.Detector) error {
	for _, size := range p.warmSizes() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
		if err := d.Warm(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

// warmSizes are the sizes that Start runs: all, but of many only the small
// ones, where most batches are, and the largest.
func (p *Processor) warmSizes() []int {
	const each = 16
	largest := p.plan.Chunk(p.opts.MaxBatch)
	if !p.plan.OpenBatch() {
		return []int{largest}
	}
	var sizes []int
	for size := range min(largest, each) {
		sizes = append(sizes, size+1)
	}
	if largest > each {
		sizes = append(sizes, largest)
	}
	return sizes
}

// Stop frees the model. It may be called before Start and twice.
func (p *Processor) Stop() error {
	if p.net == nil {
		return nil
	}
	p.detector.Close()
	err := p.net.close()
	p.net, p.detector = nil, nil
	return err
}
