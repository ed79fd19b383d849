package oiptest

import (
	"fmt"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Model is what the server runs.
type Model interface {
	// Describe says what the model takes and gives.
	Describe() tensor.Model
	// Infer runs it on one batch; the outputs are in Describe's order.
	Infer(inputs []tensor.Tensor) ([]tensor.Tensor, error)
}

// TooLarge is a model's error for a batch that it does not take.
type TooLarge struct{ Is, Most int64 }

func (e TooLarge) Error() string {
	return fmt.Sprintf("a batch of %d, at most %d are taken", e.Is, e.Most)
}

// Sum is a model with the input "in", [batch, values] of a type, and the output
// "out", [batch, 2] of float32: each row's sum and its first value.
type Sum struct {
	Type   tensor.Type
	Values int64
	// Batch is a fixed batch dimension; 0: open.
	Batch int64
}

// Describe says what the model takes and gives.
func (m Sum) Describe() tensor.Model {
	return tensor.Model{
		Inputs:  []tensor.Value{{Name: "in", Type: m.Type, Shape: []tensor.Dim{{Size: m.Batch}, {Size: m.Values}}}},
		Outputs: []tensor.Value{{Name: "out", Type: tensor.Float32, Shape: []tensor.Dim{{Size: m.Batch}, {Size: 2}}}},
	}
}

// Infer sums.
func (m Sum) Infer(inputs []tensor.Tensor) ([]tensor.Tensor, error) {
	in := inputs[0]
	rows, columns := int(in.Shape[0]), int(in.Shape[1])
	out := tensor.Make(tensor.Float32, 2*rows)
	values := tensor.View[float32](out)
	for r := range rows {
		for c := range columns {
			v := number(in, r*columns+c)
			if values[2*r] += v; c == 0 {
				values[2*r+1] = v
			}
		}
	}
	return []tensor.Tensor{{Type: tensor.Float32, Shape: []int64{int64(rows), 2}, Data: out}}, nil
}

func number(t tensor.Tensor, i int) float32 {
	if t.Type == tensor.Uint8 {
		return float32(t.Data[i])
	}
	return tensor.View[float32](t.Data)[i]
}
