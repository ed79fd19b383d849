package onnx

import (
	"errors"
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// runUnbound runs a model whose outputs have a shape of their own each time, so
// that there is nothing to bind: the runtime makes them, the binding copies
// them.
func (n *network) runUnbound(t *detect.Tray, size int) ([]tensor.Tensor, error) {
	if !n.readable() {
		return nil, errors.New("an output of float16 must have a fixed shape: export the model with fixed shapes, or outputs of float32")
	}
	in, err := input(n.plan, t, size)
	if err != nil {
		return nil, err
	}
	defer in.Destroy()
	values := make([]ort.Value, len(n.plan.Outputs))
	if err := n.session.Run([]ort.Value{in}, values); err != nil {
		return nil, err
	}
	outputs := make([]tensor.Tensor, len(values))
	for i, v := range values {
		defer v.Destroy()
		data, ok := bytesOf(v)
		if !ok {
			return nil, fmt.Errorf("the output %s is no tensor of numbers", n.plan.Outputs[i].Name)
		}
		outputs[i] = tensor.Tensor{Type: n.plan.Outputs[i].Type, Shape: v.GetShape(), Data: data}
	}
	return outputs, nil
}

// bytesOf is an output's memory, which is Go's and outlives the value.
func bytesOf(v ort.Value) ([]byte, bool) {
	switch v := v.(type) {
	case *ort.Tensor[float32]:
		return tensor.Bytes(v.GetData()), true
	case *ort.Tensor[float64]:
		return tensor.Bytes(v.GetData()), true
	case *ort.Tensor[int64]:
		return tensor.Bytes(v.GetData()), true
	case *ort.Tensor[int32]:
		return tensor.Bytes(v.GetData()), true
	case *ort.Tensor[uint8]:
		return v.GetData(), true
	}
	return nil, false
}

// readable: the binding can copy what the runtime makes, which it cannot of
// types that Go lacks.
func (n *network) readable() bool {
	return !slices.ContainsFunc(n.plan.Outputs, func(v tensor.Value) bool { return v.Type == tensor.Float16 })
}
