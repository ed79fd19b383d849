package oip

import (
	"context"
	"time"

	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/client"
)

// runner runs a plan's model on the servers.
type runner struct {
	client *client.Client
	plan   *detect.Plan
	// deadline of one try.
	deadline time.Duration
}

// Run sends the first n pictures of a tray. What comes back is memory of its
// own for each call.
func (r *runner) Run(ctx context.Context, t *detect.Tray, n int) ([]tensor.Tensor, error) {
	return r.client.Infer(ctx, client.Call{
		Inputs: []client.Input{{Name: r.plan.Input.Name, Tensor: tensor.Tensor{
			Type: r.plan.Input.Type, Shape: r.plan.InputShape(n), Data: t.Data[:len(t.Data)/t.Slots*n],
		}}},
		Outputs:  r.outputs(n),
		Deadline: r.deadline,
	})
}

func (r *runner) outputs(n int) []client.Output {
	outputs := make([]client.Output, len(r.plan.Outputs))
	for i, o := range r.plan.Outputs {
		outputs[i] = client.Output{Name: o.Name, Type: o.Type, Shape: r.plan.OutputShape(i, n)}
	}
	return outputs
}
