package oiptest

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// ModelInfer runs the model, or does what Behaviour says.
func (s *Server) ModelInfer(ctx context.Context, r *oippb.ModelInferRequest) (*oippb.ModelInferResponse, error) {
	b, err := s.admit(ctx, true)
	s.mu.Lock()
	s.calls++
	s.last = r
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if b.Delay > 0 {
		select {
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-time.After(b.Delay):
		}
	}
	if b.Drop {
		s.cut()
	}
	if b.Code != codes.OK {
		return nil, status.Error(b.Code, b.Text)
	}
	answer, err := s.answer(r, b.Typed)
	if err == nil && b.Twist != nil {
		b.Twist(answer)
	}
	return answer, err
}

func (s *Server) answer(r *oippb.ModelInferRequest, typed bool) (*oippb.ModelInferResponse, error) {
	inputs, err := s.inputs(r)
	if err != nil {
		return nil, err
	}
	outputs, err := s.model.Infer(inputs)
	if errors.As(err, new(TooLarge)) {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	answer := &oippb.ModelInferResponse{ModelName: Name, ModelVersion: "1", Id: r.GetId()}
	for i, v := range s.model.Describe().Outputs {
		wanted := func(o *oippb.ModelInferRequest_InferRequestedOutputTensor) bool { return o.GetName() == v.Name }
		if len(r.GetOutputs()) > 0 && !slices.ContainsFunc(r.GetOutputs(), wanted) {
			continue
		}
		out := &oippb.ModelInferResponse_InferOutputTensor{Name: v.Name, Datatype: names[v.Type], Shape: outputs[i].Shape}
		if typed {
			out.Contents = contents(outputs[i])
		} else {
			answer.RawOutputContents = append(answer.RawOutputContents, outputs[i].Data)
		}
		answer.Outputs = append(answer.Outputs, out)
	}
	return answer, nil
}

// inputs checks what a real server checks.
func (s *Server) inputs(r *oippb.ModelInferRequest) ([]tensor.Tensor, error) {
	model := s.model.Describe()
	if r.GetModelName() != Name {
		return nil, status.Errorf(codes.NotFound, "unknown model %q", r.GetModelName())
	}
	if len(r.GetInputs()) != len(model.Inputs) || len(r.GetRawInputContents()) != len(model.Inputs) {
		return nil, status.Errorf(codes.InvalidArgument, "%d inputs and %d raw contents", len(r.GetInputs()), len(r.GetRawInputContents()))
	}
	var inputs []tensor.Tensor
	for i, v := range model.Inputs {
		in := r.GetInputs()[i]
		data := r.GetRawInputContents()[i]
		same := func(is int64, d tensor.Dim) bool { return d.Size == 0 || d.Size == is }
		if in.GetName() != v.Name || in.GetDatatype() != names[v.Type] || !slices.EqualFunc(in.GetShape(), v.Shape, same) ||
			len(data) != tensor.Len(in.GetShape())*v.Type.Size() {
			return nil, status.Errorf(codes.InvalidArgument, "unexpected input %s %s %v with %d bytes", in.GetName(), in.GetDatatype(), in.GetShape(), len(data))
		}
		copied := tensor.Make(v.Type, tensor.Len(in.GetShape())) // aligned
		copy(copied, data)
		inputs = append(inputs, tensor.Tensor{Type: v.Type, Shape: in.GetShape(), Data: copied})
	}
	return inputs, nil
}

func contents(t tensor.Tensor) *oippb.InferTensorContents {
	c := &oippb.InferTensorContents{}
	switch t.Type {
	case tensor.Float32:
		c.Fp32Contents = tensor.View[float32](t.Data)
	case tensor.Int64:
		c.Int64Contents = tensor.View[int64](t.Data)
	case tensor.Int32:
		c.IntContents = tensor.View[int32](t.Data)
	case tensor.Uint8:
		for _, v := range t.Data {
			c.UintContents = append(c.UintContents, uint32(v))
		}
	}
	return c
}
