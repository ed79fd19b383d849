package onnx

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors/detect"
)

// Start loads the library and the model, checks what the model gives and warms
// it up, on the first provider on which all of that works. After an error
// nothing is left behind but, possibly, the library.
func (p *Processor) Start(ctx context.Context) error {
	if p.net != nil {
		return errors.New("onnx: started already")
	}
	library, err := loadEnvironment(newSearch(p.cfg.Library))
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if err := p.files.check(); err != nil { // they may have changed since New
		return fmt.Errorf("onnx: %w", err)
	}
	var passed []error
	for _, name := range p.cfg.Providers {
		if err = p.open(ctx, providerOf(name)); err == nil {
			p.announce(library, name, passed)
			return nil
		}
		passed = append(passed, fmt.Errorf("provider %s cannot be used: %w", name, err))
		if ctx.Err() != nil {
			break
		}
		p.figures.fellBack(name)
	}
	switch {
	case len(passed) > 1:
		err = errors.Join(passed...)
	case p.cfg.Providers[0] != CPU:
		err = passed[0]
	}
	return fmt.Errorf("onnx: model %s: %w", p.cfg.Model, err)
}

// open makes the processor run on one provider.
func (p *Processor) open(ctx context.Context, on provider) error {
	net, err := p.load(on)
	if err != nil {
		return err
	}
	d := detect.NewDetector(p.intake, net, detect.Options{Threads: p.threads, Overlap: p.opts.Overlap})
	if err := p.warm(ctx, d); err != nil {
		d.Close()
		return errors.Join(refusal(err), net.close())
	}
	p.net, p.detector = net, d
	return nil
}

func (p *Processor) load(on provider) (*network, error) {
	options, err := sessionOptions(p.threads)
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	if err := on.join(options, p.cfg.ProviderOptions[on.name]); err != nil {
		return nil, err
	}
	if p.cfg.WholeModel && on.name != CPU {
		if err := options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"); err != nil {
			return nil, err
		}
	}
	net, err := loadNetwork(p.cfg.Model, p.plan, options)
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime %s refuses it: %w", ort.GetVersion(), refusal(err))
	}
	return net, nil
}

func (p *Processor) announce(library, on string, passed []error) {
	p.figures.runsOn(on)
	for _, err := range passed {
		p.opts.OnTrouble(fmt.Sprintf("model %s runs on %s: %s", p.cfg.Model, on, oneLine(err)))
	}
	p.opts.OnNotice(fmt.Sprintf("model %s is read as %v", p.cfg.Model, p.plan))
	p.opts.OnNotice(fmt.Sprintf("ONNX Runtime %s from %s, on %s with %d threads", ort.GetVersion(), library, on, p.threads))
	if p.plan.Batch == 1 && p.opts.MaxBatch > 1 {
		p.opts.OnNotice(fmt.Sprintf("model %s takes one picture at a time (batch dimension fixed at 1): batches are run one by one; "+
			"export it with an open batch dimension (dynamic_axes) to have them run together", p.cfg.Model))
	}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

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
