package onnx

import (
	"context"
	"errors"
	"strings"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// network is a loaded model with the tensors that it runs on. It belongs to
// one goroutine.
type network struct {
	plan    *detect.Plan
	session *ort.DynamicAdvancedSession
	proved  map[int]bool // batch sizes that were run and gave what they must
	rooms   []*room      // the one used last is the last
}

// loadNetwork loads the model at path.
func loadNetwork(path string, plan *detect.Plan, options *ort.SessionOptions) (*network, error) {
	var outputs []string
	for _, o := range plan.Outputs {
		outputs = append(outputs, o.Name)
	}
	session, err := ort.NewDynamicAdvancedSession(path, []string{plan.Input.Name}, outputs, options)
	if err != nil {
		return nil, err
	}
	return &network{plan: plan, session: session, proved: map[int]bool{}}, nil
}

// refusal is the runtime's reason without the binding's framing of it.
func refusal(err error) error {
	text := err.Error()
	for _, frame := range []string{"Error creating C session from file: ", "Error creating C session: ", "Error running network: "} {
		text = strings.TrimPrefix(text, frame)
	}
	if rest, ok := strings.CutPrefix(text, "Load model from "); ok {
		if _, reason, ok := strings.Cut(rest, " failed:"); ok {
			text = reason
		}
	}
	if text == err.Error() && !source.MatchString(text) {
		return err
	}
	return plainly(errors.New(text))
}

func sessionOptions(threads int) (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetLogSeverityLevel(ort.LoggingLevelFatal),
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		// Threads that wait by spinning take the processors from the decoders:
		// with other work on the machine a batch then takes longer, not shorter,
		// and costs up to half as much again.
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// Run infers the first size slots of a tray.
func (n *network) Run(_ context.Context, t *detect.Tray, size int) ([]tensor.Tensor, error) {
	if n.plan.OpenOutputs() {
		return n.runUnbound(t, size)
	}
	if !n.proved[size] && n.readable() {
		return n.prove(t, size)
	}
	b, err := n.room(t).binding(n, size)
	if err != nil {
		return nil, err
	}
	if err := n.session.RunWithBinding(b.io); err != nil {
		return nil, err
	}
	return b.out, nil
}

// prove is the first run of a size: the runtime makes the outputs, to see
// whether they are what the model's description promises. Later ones are bound
// to memory for just that.
func (n *network) prove(t *detect.Tray, size int) ([]tensor.Tensor, error) {
	outputs, err := n.runUnbound(t, size)
	if err == nil {
		err = n.plan.Check(outputs, size)
	}
	n.proved[size] = err == nil
	return outputs, err
}

func (n *network) close() error {
	for _, r := range n.rooms {
		r.leave()
	}
	err := n.session.Destroy()
	n.rooms = nil
	return err
}
