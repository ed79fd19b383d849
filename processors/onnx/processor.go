package onnx

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/onnx/letterbox"
	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
	"github.com/nvpipe/nvpipe/processors/onnx/nms"
)

// padLevel is what YOLOX is trained to see outside the picture.
const padLevel = 114

// Options is what code passes in beside the users' Config.
type Options struct {
	// MaxBatch is the largest batch to expect: Start warms up for it. Larger
	// ones are run in parts. 0: 1.
	MaxBatch int
	// OnNotice, if set, is told what an operator should know, a few times per
	// Start, from Start's goroutine.
	OnNotice func(text string)
}

// Processor is a detector. Start, Process and Stop are for one goroutine.
type Processor struct {
	cfg        Config
	opts       Options
	spec       spec
	labels     []string
	thresholds thresholds
	threads    int

	// From Start to Stop.
	net        *network
	crew       *crew
	target     letterbox.Target
	converters map[letterbox.Source]*letterbox.Converter

	// Of the batch being processed, kept to be used again.
	jobs       []job
	padded     []letterbox.Fit // what each slot's padding was written for
	candidates []nms.Candidate
}

// New checks cfg against the model's own description and the labels, all
// without the runtime. Its errors are about keys of Config, like Validate's.
func New(cfg Config, opts Options) (*Processor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	labels, err := readLabels(cfg.Labels)
	if err != nil {
		return nil, invalid.Field("labels", "%v", err)
	}
	model, err := modelfile.Read(cfg.Model)
	if err != nil {
		return nil, invalid.Field("model", "%v", err)
	}
	spec, err := newSpec(model, cfg, len(labels))
	if err != nil {
		return nil, err
	}
	thresholds, err := newThresholds(cfg, labels)
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
	return &Processor{cfg: cfg, opts: opts, spec: spec, labels: labels, thresholds: thresholds, threads: threads}, nil
}

// Traits has the model's batch size, if it is fixed.
func (p *Processor) Traits() frame.Traits {
	if p.spec.openBatch() {
		return frame.Traits{}
	}
	return frame.Traits{BatchSizes: []int{p.spec.batch}}
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
	net, err := loadNetwork(p.cfg.Model, p.spec, p.threads, p.chunk())
	if err != nil {
		return fmt.Errorf("onnx: model %s: ONNX Runtime %s refuses it: %w", p.cfg.Model, ort.GetVersion(), refusal(err))
	}
	if err := p.warm(ctx, net); err != nil {
		return errors.Join(fmt.Errorf("onnx: model %s: %w", p.cfg.Model, refusal(err)), net.close())
	}
	p.net = net
	p.target = letterbox.Raw(p.spec.width, p.spec.height, letterbox.BGR, padLevel)
	p.converters = map[letterbox.Source]*letterbox.Converter{}
	p.padded = nil
	p.crew = newCrew(min(p.threads, runtime.GOMAXPROCS(0), p.chunk()) - 1)
	p.announce(library)
	return nil
}

func (p *Processor) announce(library string) {
	p.opts.OnNotice(fmt.Sprintf("ONNX Runtime %s from %s", ort.GetVersion(), library))
	if p.spec.batch == 1 && p.opts.MaxBatch > 1 {
		p.opts.OnNotice(fmt.Sprintf("model %s takes one picture at a time (batch dimension fixed at 1): batches are run one by one; "+
			"export it with an open batch dimension (dynamic_axes) to have them run together", p.cfg.Model))
	}
}

// maxSlots bounds a batch in memory: a picture of 640×640 takes 8 MB.
const maxSlots = 64

// chunk is the most pictures that are run at once.
func (p *Processor) chunk() int {
	if p.spec.openBatch() {
		return min(p.opts.MaxBatch, maxSlots)
	}
	return p.spec.batch
}

// warm proves that the model gives what it promises and runs every batch size
// that is to be expected once: the first run of a size plans its memory.
func (p *Processor) warm(ctx context.Context, net *network) error {
	sizes := p.warmSizes()
	if err := net.prove(sizes[0]); err != nil {
		return err
	}
	for _, size := range sizes {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
		if err := net.run(size); err != nil {
			return fmt.Errorf("a batch of %d: %w", size, err)
		}
	}
	return nil
}

// warmSizes are the sizes that Start runs: all, but of many only the small
// ones, where most batches are, and the largest.
func (p *Processor) warmSizes() []int {
	const each = 16
	largest := p.chunk()
	if !p.spec.openBatch() {
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
	p.crew.stop()
	err := p.net.close()
	p.net, p.crew, p.converters = nil, nil, nil
	return err
}
