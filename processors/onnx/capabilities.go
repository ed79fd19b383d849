package onnx

import (
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// Runtime is what this machine's ONNX Runtime is and has.
type Runtime struct {
	// Library is its path, Version such as "1.24.1".
	Library, Version string
	// Providers are all that a config may name, in the order of the docs.
	Providers []Capability
}

// Capability is one execution provider on this machine.
type Capability struct {
	Provider string
	// Refusal says why it cannot be used and what it needs; empty: it has run a
	// small model.
	Refusal string
}

// Providers are the names of all execution providers that a config may name.
func Providers() []string { return providerNames() }

// Capabilities loads ONNX Runtime as a processor whose config has this library
// would, and tries the named providers; none named: every one. It takes up to
// seconds where there are devices to set up. Native code may write to stderr,
// and some of it ends the process where its driver is missing.
func Capabilities(library string, names ...string) (Runtime, error) {
	path, err := loadEnvironment(newSearch(library))
	if err != nil {
		return Runtime{}, err
	}
	r := Runtime{Library: path, Version: ort.GetVersion()}
	for _, p := range providers {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		c := Capability{Provider: p.name}
		if err := p.try(); err != nil {
			c.Refusal = oneLine(err)
		}
		r.Providers = append(r.Providers, c)
	}
	return r, nil
}

// squares is a model in the ONNX format, opset 13, with one node: y, float32
// [4], is x times x.
const squares = "\b\a:;\n\x0e\n\x01x\n\x01x\x12\x01y\"\x03Mul\x12\asquares" +
	"Z\x0f\n\x01x\x12\n\n\b\b\x01\x12\x04\n\x02\b\x04" +
	"b\x0f\n\x01y\x12\n\n\b\b\x01\x12\x04\n\x02\b\x04" + "B\x04\n\x00\x10\r"

// try runs a small model on the provider.
func (p provider) try() error {
	o, err := sessionOptions(1)
	if err != nil {
		return err
	}
	defer o.Destroy()
	if err := p.join(o, nil); err != nil {
		return err
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData([]byte(squares), []string{"x"}, []string{"y"}, o)
	if err != nil {
		return fmt.Errorf("%w; it needs %s", refusal(err), p.needs)
	}
	defer s.Destroy()
	x, err := ort.NewTensor(ort.NewShape(4), []float32{1, 2, 3, 4})
	if err != nil {
		return err
	}
	defer x.Destroy()
	y := []ort.Value{nil}
	if err := s.Run([]ort.Value{x}, y); err != nil {
		return fmt.Errorf("%w; it needs %s", refusal(err), p.needs)
	}
	defer y[0].Destroy()
	if t, ok := y[0].(*ort.Tensor[float32]); !ok || len(t.GetData()) != 4 || t.GetData()[3] != 16 {
		return fmt.Errorf("a small model gives a wrong answer on it")
	}
	return nil
}
