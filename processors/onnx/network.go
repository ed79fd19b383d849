package onnx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	ort "github.com/yalue/onnxruntime_go"
)

// network is a loaded model with the tensors that it runs on. It belongs to
// one goroutine.
type network struct {
	spec    spec
	session *ort.DynamicAdvancedSession

	// in and out back the tensors of all batch sizes: a batch of n uses the
	// first n slots. They are pinned, because the runtime keeps their addresses.
	in, out  []float32
	pin      runtime.Pinner
	bindings map[int]*binding
}

// binding is the tensors of one batch size, bound once so that a run needs
// neither allocation nor look-up by name.
type binding struct {
	in, out *ort.Tensor[float32]
	io      *ort.IoBinding
}

// loadNetwork loads the model at path with room for batches of up to slots.
func loadNetwork(path string, s spec, threads, slots int) (*network, error) {
	options, err := sessionOptions(threads)
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	session, err := ort.NewDynamicAdvancedSession(path, []string{s.input}, []string{s.output}, options)
	if err != nil {
		return nil, err
	}
	n := &network{spec: s, session: session, bindings: map[int]*binding{}}
	n.in = make([]float32, slots*n.inputLen())
	n.out = make([]float32, slots*n.outputLen())
	n.pin.Pin(&n.in[0])
	n.pin.Pin(&n.out[0])
	return n, nil
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

// inputLen and outputLen are the number of values of one picture.
func (n *network) inputLen() int  { return 3 * n.spec.width * n.spec.height }
func (n *network) outputLen() int { return n.spec.rows * n.spec.columns }

// input is the slot of picture i, to be filled before run.
func (n *network) input(i int) []float32 { return n.in[i*n.inputLen():][:n.inputLen()] }

// output is the rows of picture i, valid after run and until the next.
func (n *network) output(i int) []float32 { return n.out[i*n.outputLen():][:n.outputLen()] }

// run infers the first size slots.
func (n *network) run(size int) error {
	b, err := n.bound(size)
	if err != nil {
		return err
	}
	return n.session.RunWithBinding(b.io)
}

func (n *network) bound(size int) (*binding, error) {
	if b := n.bindings[size]; b != nil {
		return b, nil
	}
	b := &binding{}
	if err := n.bind(b, int64(size)); err != nil {
		b.destroy()
		return nil, err
	}
	n.bindings[size] = b
	return b, nil
}

func (n *network) bind(b *binding, size int64) (err error) {
	if b.in, err = ort.NewTensor(n.inputShape(size), n.in); err != nil {
		return err
	}
	if b.out, err = ort.NewTensor(ort.NewShape(size, int64(n.spec.rows), int64(n.spec.columns)), n.out); err != nil {
		return err
	}
	if b.io, err = n.session.CreateIoBinding(); err != nil {
		return err
	}
	if err = b.io.BindInput(n.spec.input, b.in); err != nil {
		return err
	}
	return b.io.BindOutput(n.spec.output, b.out)
}

func (n *network) inputShape(size int64) ort.Shape {
	return ort.NewShape(size, 3, int64(n.spec.height), int64(n.spec.width))
}

// prove runs size pictures once and lets the runtime make the output, to see
// whether it is what the model's description promises.
func (n *network) prove(size int) error {
	in, err := ort.NewTensor(n.inputShape(int64(size)), n.in)
	if err != nil {
		return err
	}
	defer in.Destroy()
	outputs := []ort.Value{nil}
	if err := n.session.Run([]ort.Value{in}, outputs); err != nil {
		return err
	}
	defer outputs[0].Destroy()
	want := ort.NewShape(int64(size), int64(n.spec.rows), int64(n.spec.columns))
	if got := outputs[0].GetShape(); !got.Equals(want) {
		return fmt.Errorf("a batch of %d gives an output of shape %v, must be %v", size, got, want)
	}
	return nil
}

func (n *network) close() error {
	for _, b := range n.bindings {
		b.destroy()
	}
	n.bindings = nil
	err := n.session.Destroy()
	n.pin.Unpin()
	return err
}

func (b *binding) destroy() {
	if b.io != nil {
		b.io.Destroy()
	}
	if b.out != nil {
		b.out.Destroy()
	}
	if b.in != nil {
		b.in.Destroy()
	}
}
