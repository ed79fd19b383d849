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
		return fmt.Errorf("onnx: model %s: ONNX Runtime %s refuses it: %w", p.cfg.Model, ort.GetVersion(), err)
	}
	if err := p.warm(ctx, net); err != nil {
		return errors.Join(fmt.Errorf("onnx: model %s: %w", p.cfg.Model, err), net.close())
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

// warm runs every batch size that is to be expected once: the first run of a
// size makes the runtime plan its memory. Of many sizes it takes the last 16.
func (p *Processor) warm(ctx context.Context, net *network) error {
	largest := p.chunk()
	smallest := max(1, largest-15)
	if !p.spec.openBatch() {
		smallest = largest
	}
	if err := net.prove(smallest); err != nil {
		return err
	}
	for size := smallest; size <= largest; size++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
		if err := net.run(size); err != nil {
			return fmt.Errorf("a batch of %d: %w", size, err)
		}
	}
	return nil
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

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; an error of the runtime fails the batch.
func (p *Processor) Process(ctx context.Context, batch []frame.Entry) error {
	if p.net == nil {
		return errors.New("onnx: not started")
	}
	for size := p.chunk(); len(batch) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(size, len(batch))
		if err := p.detect(batch[:n]); err != nil {
			return fmt.Errorf("onnx: %w", err)
		}
		batch = batch[n:]
	}
	return nil
}

// detect runs at most chunk pictures at once.
func (p *Processor) detect(batch []frame.Entry) error {
	p.fill(batch)
	defer clear(p.jobs) // the batch is the caller's
	if len(p.jobs) == 0 {
		return nil
	}
	size := p.spec.batch // slots beyond the last picture keep what they had
	if p.spec.openBatch() {
		size = len(p.jobs)
	}
	if err := p.net.run(size); err != nil {
		return err
	}
	for i := range p.jobs {
		if e := p.jobs[i].entry; e.Err == nil {
			e.Output.Detections = p.detections(p.net.output(i), p.jobs[i].converter.Fit)
		}
	}
	return nil
}

// fill puts the readable pictures into the first slots.
func (p *Processor) fill(batch []frame.Entry) {
	p.jobs = p.jobs[:0]
	for i := range batch {
		source, err := letterbox.SourceOf(batch[i].Frame)
		if err != nil {
			batch[i].Err = fmt.Errorf("onnx: %w", err)
			continue
		}
		slot := len(p.jobs)
		c := p.converter(source)
		p.jobs = append(p.jobs, job{&batch[i], c, p.net.input(slot), p.repad(slot, c.Fit)})
	}
	p.crew.run(p.jobs)
}

// repad reports whether a slot's padding must be written for a picture that
// lies at fit, and notes that it will be.
func (p *Processor) repad(slot int, fit letterbox.Fit) bool {
	for len(p.padded) <= slot {
		p.padded = append(p.padded, letterbox.Fit{})
	}
	same := p.padded[slot].X == fit.X && p.padded[slot].Y == fit.Y &&
		p.padded[slot].Width == fit.Width && p.padded[slot].Height == fit.Height
	p.padded[slot] = fit
	return !same
}

// maxConverters bounds the tables kept, one set per kind of picture.
const maxConverters = 64

func (p *Processor) converter(s letterbox.Source) *letterbox.Converter {
	c := p.converters[s]
	if c == nil {
		if len(p.converters) >= maxConverters {
			clear(p.converters)
		}
		c = letterbox.NewConverter(s, p.target)
		p.converters[s] = c
	}
	return c
}

// detections turns one picture's rows into what was found in it.
func (p *Processor) detections(rows []float32, fit letterbox.Fit) []frame.Detection {
	p.candidates = p.spec.head.Decode(rows, p.thresholds.class, p.thresholds.floor, p.candidates[:0])
	kept := nms.Suppress(p.candidates, float32(p.cfg.NMSIoU), p.cfg.MaxDetections)
	if len(kept) == 0 {
		return nil
	}
	found := make([]frame.Detection, 0, len(kept))
	least := float32(p.cfg.MinSize)
	for _, c := range kept {
		box, ok := fit.Box(c.X1, c.Y1, c.X2, c.Y2)
		if !ok || box.XMax-box.XMin < least || box.YMax-box.YMin < least {
			continue
		}
		found = append(found, frame.Detection{
			Class: int(c.Class), Label: p.labels[c.Class], Confidence: c.Score, Box: box,
		})
	}
	return found
}
