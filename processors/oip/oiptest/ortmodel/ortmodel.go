// Package ortmodel lets a server of oiptest run ONNX models with this machine's
// ONNX Runtime, one batch at a time.
package ortmodel

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
)

// Model is a loaded model whose inputs and outputs are float32.
type Model struct {
	described tensor.Model

	mu      sync.Mutex
	session *ort.DynamicAdvancedSession
}

// Load loads the model at path for a test. ONNX Runtime must have been loaded
// before, which the first start of a processor of package onnx does.
func Load(t testing.TB, path string) *Model {
	t.Helper()
	if !ort.IsInitialized() {
		t.Fatal("ONNX Runtime is not loaded")
	}
	file, err := modelfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{described: file.Model}
	names := func(values []tensor.Value) (names []string) {
		for _, v := range values {
			names = append(names, v.Name)
		}
		return names
	}
	m.session, err = ort.NewDynamicAdvancedSession(path, names(m.described.Inputs), names(m.described.Outputs), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := m.session.Destroy(); err != nil {
			t.Error(err)
		}
		m.session = nil
	})
	return m
}

// Describe says what the model takes and gives.
func (m *Model) Describe() tensor.Model { return m.described }

// Infer runs it.
func (m *Model) Infer(inputs []tensor.Tensor) ([]tensor.Tensor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.session == nil {
		return nil, errors.New("the model is no longer loaded")
	}
	in := make([]ort.Value, len(inputs))
	for i, t := range inputs {
		v, err := ort.NewTensor(ort.NewShape(t.Shape...), tensor.View[float32](t.Data))
		if err != nil {
			return nil, err
		}
		defer v.Destroy()
		in[i] = v
	}
	out := make([]ort.Value, len(m.described.Outputs))
	if err := m.session.Run(in, out); err != nil {
		return nil, err
	}
	tensors := make([]tensor.Tensor, len(out))
	for i, v := range out {
		defer v.Destroy()
		values, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("output %s is no float32", m.described.Outputs[i].Name)
		}
		// The runtime's memory goes with the value.
		copied := append([]float32(nil), values.GetData()...)
		tensors[i] = tensor.Tensor{Type: tensor.Float32, Shape: values.GetShape(), Data: tensor.Bytes(copied)}
	}
	return tensors, nil
}
