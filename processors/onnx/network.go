package onnx

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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
	trays   map[*detect.Tray]*room
}

// room is the memory of one tray as the runtime sees it. It is pinned, because
// the runtime keeps its addresses. A batch of n uses the first n slots.
type room struct {
	tray     *detect.Tray
	out      [][]byte
	pin      runtime.Pinner
	bindings map[int]*binding
}

// binding is the tensors of one batch size, bound once so that a run needs
// neither allocation nor look-up by name.
type binding struct {
	values []ort.Value
	io     *ort.IoBinding
	out    []tensor.Tensor
}

// loadNetwork loads the model at path.
func loadNetwork(path string, plan *detect.Plan, threads int) (*network, error) {
	options, err := sessionOptions(threads)
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	var outputs []string
	for _, o := range plan.Outputs {
		outputs = append(outputs, o.Name)
	}
	session, err := ort.NewDynamicAdvancedSession(path, []string{plan.Input.Name}, outputs, options)
	if err != nil {
		return nil, err
	}
	return &network{plan, session, map[*detect.Tray]*room{}}, nil
}

// refusal is the runtime's reason without the binding's framing of it.
func refusal(err error) error {
	text := err.Error()
	for _, frame := range []string{"Error creating C session from file: ", "Error running network: "} {
		text = strings.TrimPrefix(text, frame)
	}
	if rest, ok := strings.CutPrefix(text, "Load model from "); ok {
		if _, reason, ok := strings.Cut(rest, " failed:"); ok {
			text = reason
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
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
	b, err := n.bound(t, size)
	if err != nil {
		return nil, err
	}
	if err := n.session.RunWithBinding(b.io); err != nil {
		return nil, err
	}
	return b.out, nil
}

func (n *network) bound(t *detect.Tray, size int) (*binding, error) {
	r := n.trays[t]
	if r == nil {
		r = newRoom(n.plan, t)
		n.trays[t] = r
	}
	if b := r.bindings[size]; b != nil {
		return b, nil
	}
	// What comes out is bound unseen: it is looked at once before.
	if err := n.prove(t, size); err != nil {
		return nil, err
	}
	b := &binding{}
	if err := n.bind(b, r, size); err != nil {
		b.destroy()
		return nil, err
	}
	r.bindings[size] = b
	return b, nil
}

func newRoom(p *detect.Plan, t *detect.Tray) *room {
	r := &room{tray: t, bindings: map[int]*binding{}}
	r.pin.Pin(&t.Data[0])
	for i, o := range p.Outputs {
		data := tensor.Make(o.Type, tensor.Len(p.OutputShape(i, t.Slots)))
		r.out = append(r.out, data)
		r.pin.Pin(&data[0])
	}
	return r
}

// bind makes a binding of the first size slots.
func (n *network) bind(b *binding, r *room, size int) (err error) {
	if b.io, err = n.session.CreateIoBinding(); err != nil {
		return err
	}
	in, err := n.input(r.tray, size)
	if err != nil {
		return err
	}
	b.values = append(b.values, in)
	if err = b.io.BindInput(n.plan.Input.Name, in); err != nil {
		return err
	}
	for i, o := range n.plan.Outputs {
		shape := n.plan.OutputShape(i, size)
		data := r.out[i][:tensor.Len(shape)*o.Type.Size()]
		v, err := newValue(o.Type, shape, data)
		if err != nil {
			return err
		}
		b.values = append(b.values, v)
		b.out = append(b.out, tensor.Tensor{Type: o.Type, Shape: shape, Data: data})
		if err = b.io.BindOutput(o.Name, v); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) input(t *detect.Tray, size int) (ort.Value, error) {
	return newValue(n.plan.Input.Type, n.plan.InputShape(size), t.Data[:size*len(t.Data)/t.Slots])
}

func newValue(t tensor.Type, shape []int64, data []byte) (ort.Value, error) {
	return ort.NewCustomDataTensor(ort.NewShape(shape...), data, ort.TensorElementDataType(t))
}

// prove runs a batch and lets the runtime make the outputs, to see whether they
// are what the model's description promises.
func (n *network) prove(t *detect.Tray, size int) error {
	in, err := n.input(t, size)
	if err != nil {
		return err
	}
	defer in.Destroy()
	outputs := make([]ort.Value, len(n.plan.Outputs))
	if err := n.session.Run([]ort.Value{in}, outputs); err != nil {
		return err
	}
	for i, out := range outputs {
		defer out.Destroy()
		want := ort.NewShape(n.plan.OutputShape(i, size)...)
		if got := out.GetShape(); !got.Equals(want) {
			return fmt.Errorf("a batch of %d gives an output of shape %v, must be %v", size, got, want)
		}
	}
	return nil
}

func (n *network) close() error {
	for _, r := range n.trays {
		for _, b := range r.bindings {
			b.destroy()
		}
	}
	err := n.session.Destroy()
	for _, r := range n.trays {
		r.pin.Unpin()
	}
	n.trays = nil
	return err
}

func (b *binding) destroy() {
	if b.io != nil {
		b.io.Destroy()
	}
	for _, v := range b.values {
		v.Destroy()
	}
}
