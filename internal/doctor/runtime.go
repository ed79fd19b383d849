package doctor

import (
	"errors"
	"slices"

	"github.com/nvpipe/nvpipe/processors/onnx"
)

// Probe is [onnx.Capabilities] in another process. A [Crash] is that process's
// end; any other error is what Capabilities has said.
type Probe func(library string, providers ...string) (onnx.Runtime, error)

// Crash is the error of a [Probe] whose process has ended without an answer.
type Crash struct {
	// Last is what it said last.
	Last string
}

// Error says what it was.
func (c *Crash) Error() string { return "trying it ends the program: " + c.Last }

// runtimeOf tries all providers at once, and one by one where that crashes.
func runtimeOf(probe Probe, library string) Runtime {
	all, err := probe(library)
	if !crashed(err) {
		return Runtime{all, err}
	}
	found := Runtime{Err: err}
	for _, name := range onnx.Providers() {
		one, err := probe(library, name)
		if crashed(err) {
			one.Providers = []onnx.Capability{{Provider: name, Refusal: err.Error()}}
		} else if found.Err = err; err != nil {
			return found
		} else {
			found.Library, found.Version = one.Library, one.Version
		}
		found.Providers = append(found.Providers, one.Providers...)
	}
	return found
}

func crashed(err error) bool {
	var c *Crash
	return errors.As(err, &c)
}

func (r *Report) runtime(rt Runtime, c *ConfigFacts) {
	const part = "ONNX Runtime"
	if rt.Err != nil {
		f := Finding{Name: "library", Level: Warning, Found: "none", Means: "onnx processors do not start: " + rt.Err.Error(), Mend: "scripts/setup"}
		if c != nil && c.NeedsONNX {
			f.Level = Missing
		}
		r.add(part, f)
		return
	}
	r.add(part, Finding{Name: "library", Level: OK, Found: rt.Version + " from " + rt.Library})
	for _, p := range rt.Providers {
		wanted := c != nil && slices.Contains(c.Providers, p.Provider)
		r.add(part, provider(p, wanted))
	}
}

// provider: without an accelerator the CPU does it, which is no fault where
// nothing else was asked for.
func provider(p onnx.Capability, wanted bool) Finding {
	f := Finding{Name: "provider " + p.Provider, Level: OK, Found: "works"}
	if p.Refusal == "" {
		return f
	}
	f.Level, f.Found = Note, "cannot be used: "+p.Refusal
	if wanted {
		f.Level, f.Means = Warning, "the config's processors that name it run on the next one they name, or not at all"
		f.Mend = "install what it needs, or leave it out of the processor's providers"
	}
	return f
}
