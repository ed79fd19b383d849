package client

import (
	"time"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// Call is one run of the model.
type Call struct {
	Inputs []Input
	// Outputs are those wanted, one at least.
	Outputs []Output
	// Deadline bounds one try.
	Deadline time.Duration
}

// Input is a tensor to send. Its data may be changed when Infer has returned.
type Input struct {
	Name string
	tensor.Tensor
}

// Output is a tensor that is wanted: what it must look like.
type Output struct {
	Name string
	Type tensor.Type
	// Shape, with 0 for a dimension that may have any size.
	Shape []int64
}

func (c *Client) request(call Call) *oippb.ModelInferRequest {
	r := &oippb.ModelInferRequest{ModelName: c.opts.Model, ModelVersion: c.opts.Version}
	for _, in := range call.Inputs {
		r.Inputs = append(r.Inputs, &oippb.ModelInferRequest_InferInputTensor{
			Name: in.Name, Datatype: datatype(in.Type), Shape: in.Shape,
		})
		r.RawInputContents = append(r.RawInputContents, in.Data)
	}
	for _, out := range call.Outputs {
		r.Outputs = append(r.Outputs, &oippb.ModelInferRequest_InferRequestedOutputTensor{Name: out.Name})
	}
	return r
}

const (
	// openAnswer bounds an answer whose size the model leaves open.
	openAnswer = 256 << 20
	// framing is room for everything in an answer that is not values.
	framing = 1 << 20
)

// answerLimit is the most bytes that an answer with these outputs can have.
// Small integers that are not sent raw take up to twice their size.
func answerLimit(outputs []Output) int {
	size := framing
	for _, out := range outputs {
		n, ok := bytesOf(out.Type, out.Shape)
		if !ok || n == 0 {
			return openAnswer
		}
		size += 2 * n
	}
	return min(size, openAnswer)
}

// bytesOf is the size of a tensor in memory; not ok: negative, or larger than
// any answer may be.
func bytesOf(t tensor.Type, shape []int64) (int, bool) {
	n := int64(t.Size())
	for _, d := range shape {
		if d < 0 || d > openAnswer {
			return 0, false
		}
		if n *= d; n > openAnswer {
			return 0, false
		}
	}
	return int(n), true
}
