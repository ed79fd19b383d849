package onnx

import (
	"sync"

	"github.com/nvpipe/nvpipe/processors"
)

// figures is what a processor counts itself.
type figures struct {
	mu        sync.Mutex
	on        string         // the provider in use; empty: not started
	fallbacks map[string]int // times a provider could not be used
}

func (f *figures) runsOn(provider string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = provider
}

func (f *figures) fellBack(provider string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fallbacks[provider]++
}

// Figures implements processors.Figured.
func (p *Processor) Figures() []processors.Figure {
	f := &p.figures
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []processors.Figure
	for _, name := range p.cfg.Providers {
		on := 0.
		if name == f.on {
			on = 1
		}
		all = append(all, processors.Figure{
			Name: "processor_provider", Help: "Instances that run on the execution provider.",
			Label: "provider", Of: name, Value: on,
		}, processors.Figure{
			Name: "processor_provider_fallbacks_total", Help: "Starts at which the execution provider could not be used.",
			Label: "provider", Of: name, Value: float64(f.fallbacks[name]),
		})
	}
	all = append(all, processors.Figure{
		Name: "processor_input_bytes", Help: "Memory of the tensors that pictures are converted into.", Value: float64(p.intake.Bytes()),
	})
	c := p.intake.Counts()
	for _, of := range []struct {
		name string
		n    uint64
	}{{"in_place", c.InPlace}, {"copied", c.Copied}, {"converted", c.Converted}} {
		all = append(all, processors.Figure{
			Name:  "processor_pictures_total",
			Help:  "Pictures by how they came into their batch's tensor: prepared there, copied to it, or converted when the batch was cut.",
			Label: "input", Of: of.name, Value: float64(of.n),
		})
	}
	return all
}
