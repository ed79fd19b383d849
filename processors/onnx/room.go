package onnx

import (
	"runtime"
	"slices"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// room is the memory of one tray as the runtime sees it. A batch of n uses the
// first n slots.
type room struct {
	tray     *detect.Tray
	out      [][]byte
	pin      runtime.Pinner // the runtime keeps the addresses
	bindings map[int]*binding
}

// binding is the tensors of one batch size, bound once so that a run needs
// neither allocation nor look-up by name.
type binding struct {
	values []ort.Value
	io     *ort.IoBinding
	out    []tensor.Tensor
}

// maxRooms is enough for the four trays of a detector and those of another
// instance that has prepared the pictures.
const maxRooms = 8

// room finds or makes a tray's; the one that was not used for longest goes.
func (n *network) room(t *detect.Tray) *room {
	i := slices.IndexFunc(n.rooms, func(r *room) bool { return r.tray == t })
	if i >= 0 {
		r := n.rooms[i]
		n.rooms = append(slices.Delete(n.rooms, i, i+1), r)
		return r
	}
	if len(n.rooms) == maxRooms {
		n.rooms[0].leave()
		n.rooms = slices.Delete(n.rooms, 0, 1)
	}
	r := newRoom(n.plan, t)
	n.rooms = append(n.rooms, r)
	return r
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

// leave gives up what the runtime has of the room. The memory itself stays for
// who still reads it.
func (r *room) leave() {
	for _, b := range r.bindings {
		b.destroy()
	}
	r.pin.Unpin()
}

func (r *room) binding(n *network, size int) (*binding, error) {
	if b := r.bindings[size]; b != nil {
		return b, nil
	}
	b := &binding{}
	if err := b.bind(n, r, size); err != nil {
		b.destroy()
		return nil, err
	}
	r.bindings[size] = b
	return b, nil
}

// bind binds the first size slots.
func (b *binding) bind(n *network, r *room, size int) (err error) {
	if b.io, err = n.session.CreateIoBinding(); err != nil {
		return err
	}
	in, err := input(n.plan, r.tray, size)
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

func (b *binding) destroy() {
	if b.io != nil {
		b.io.Destroy()
	}
	for _, v := range b.values {
		v.Destroy()
	}
}

func input(p *detect.Plan, t *detect.Tray, size int) (ort.Value, error) {
	return newValue(p.Input.Type, p.InputShape(size), t.Data[:size*len(t.Data)/t.Slots])
}

func newValue(t tensor.Type, shape []int64, data []byte) (ort.Value, error) {
	return ort.NewCustomDataTensor(ort.NewShape(shape...), data, ort.TensorElementDataType(t))
}
