package client

import (
	"fmt"
	"unsafe"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// answered reads the outputs wanted, in their order. What it returns may share
// the answer's memory.
func answered(r *oippb.ModelInferResponse, wanted []Output) ([]tensor.Tensor, error) {
	if raw := len(r.GetRawOutputContents()); raw != 0 && raw != len(r.GetOutputs()) {
		return nil, fmt.Errorf("the answer has %d raw contents for %d outputs, must have as many", raw, len(r.GetOutputs()))
	}
	tensors := make([]tensor.Tensor, len(wanted))
	for i, want := range wanted {
		t, err := output(r, want)
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", want.Name, err)
		}
		tensors[i] = t
	}
	return tensors, nil
}

func output(r *oippb.ModelInferResponse, want Output) (t tensor.Tensor, err error) {
	index := -1
	var names []string
	for i, out := range r.GetOutputs() {
		if names = append(names, out.GetName()); out.GetName() == want.Name {
			index = i
		}
	}
	if index < 0 {
		return t, fmt.Errorf("is missing from the answer, which has %.300q", names)
	}
	out := r.GetOutputs()[index]
	if out.GetDatatype() != datatype(want.Type) {
		return t, fmt.Errorf("has datatype %.32q, must have %s", out.GetDatatype(), datatype(want.Type))
	}
	if !fits(out.GetShape(), want.Shape) {
		return t, fmt.Errorf("has shape %.200s, must have %s", fmt.Sprint(out.GetShape()), shown(want.Shape))
	}
	t = tensor.Tensor{Type: want.Type, Shape: out.GetShape()}
	if raw := r.GetRawOutputContents(); len(raw) > 0 {
		t.Data = aligned(raw[index])
	} else if t.Data, err = typed(out.GetContents(), want.Type); err != nil {
		return t, err
	}
	size, ok := bytesOf(t.Type, t.Shape)
	if !ok || len(t.Data) != size {
		return t, fmt.Errorf("has %d bytes of values, must have %d for shape %v of %s", len(t.Data), size, t.Shape, datatype(t.Type))
	}
	return t, nil
}

func fits(shape, want []int64) bool {
	if len(shape) != len(want) {
		return false
	}
	for i, d := range want {
		if shape[i] != d && (d != 0 || shape[i] < 0) {
			return false
		}
	}
	return true
}

// shown is a wanted shape with the protocol's -1 for open dimensions.
func shown(shape []int64) string {
	dims := make([]int64, len(shape))
	for i, d := range shape {
		if dims[i] = d; d == 0 {
			dims[i] = -1
		}
	}
	return fmt.Sprint(dims)
}

// typed is the values of a type from the field that holds it.
func typed(c *oippb.InferTensorContents, t tensor.Type) ([]byte, error) {
	switch t {
	case tensor.Float32:
		return tensor.Bytes(c.GetFp32Contents()), nil
	case tensor.Float64:
		return tensor.Bytes(c.GetFp64Contents()), nil
	case tensor.Int32:
		return tensor.Bytes(c.GetIntContents()), nil
	case tensor.Int64:
		return tensor.Bytes(c.GetInt64Contents()), nil
	case tensor.Uint8:
		values := c.GetUintContents()
		data := tensor.Make(t, len(values))
		for i, v := range values {
			if v > 255 {
				return nil, fmt.Errorf("has the value %d, which is no UINT8", v)
			}
			data[i] = byte(v)
		}
		return data, nil
	}
	return nil, fmt.Errorf("is not sent as raw contents, as %s must be", datatype(t))
}

// aligned is the data where values of any type may be read in place. Memory
// that the allocator gives for a field of its own is; the rest is copied.
func aligned(data []byte) []byte {
	if len(data) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(data)))%8 == 0 {
		return data
	}
	words := make([]uint64, (len(data)+7)/8)
	moved := tensor.Bytes(words)[:len(data)]
	copy(moved, data)
	return moved
}
