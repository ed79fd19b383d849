package detect

import (
	"context"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Runner runs a model on a batch. It is all that a runtime has to bring.
type Runner interface {
	// Run infers the first n pictures of t; n is one of the sizes that the
	// plan allows. The outputs are one for each of the plan's, in its order,
	// with n as the first dimension, and valid until t runs again. They may be
	// anything a model can say: Detector checks them.
	Run(ctx context.Context, t *Tray, n int) ([]tensor.Tensor, error)
}

// Tray is the input tensor of a batch: room for pictures one after another.
type Tray struct {
	// Data has Slots times the plan's SlotSize bytes and stays where it is.
	Data  []byte
	Slots int

	// padded says what each slot's padding was written for.
	padded []padding
}

// NewTray returns a tray for so many pictures.
func (p *Plan) NewTray(slots int) *Tray {
	return &Tray{
		Data:  tensor.Make(p.Input.Type, slots*p.slotLen()),
		Slots: slots, padded: make([]padding, slots),
	}
}

// slot is the bytes of picture i.
func (t *Tray) slot(i int) []byte {
	size := len(t.Data) / t.Slots
	return t.Data[i*size:][:size:size]
}
