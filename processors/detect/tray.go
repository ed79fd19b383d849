package detect

import (
	"image"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Tray is the input tensor of a batch: room for pictures one after another.
// Its memory is Go's and stays where it is for as long as somebody has it.
type Tray struct {
	// Data is Slots inputs of the plan's Input type and InputShape(1).
	Data  []byte
	Slots int

	slots []slot
	// outputs is what the tray's last run gave, until the tray is used again.
	outputs []tensor.Tensor

	home *cupboard
	// Guarded by the cupboard's mutex:
	next  int  // the first slot that was not handed out yet
	held  int  // slots in use
	taken bool // to be run, or it was: no slot is handed out until all are back
}

// slot is one picture's place in a tray: its input, and so its place in what
// comes out. It is what is prepared of an entry, and what finishes one.
type slot struct {
	tray  *Tray
	index int
	// fit and padded are written by who fills the slot and read by those it
	// hands it to.
	fit    letterbox.Fit
	padded image.Rectangle // what its padding was written around
	// uses are the entry's Prepared, and its Finish; guarded like the tray's.
	uses int
}

// NewTray returns a tray for so many pictures.
func (p *Plan) NewTray(slots int) *Tray {
	t := &Tray{Data: tensor.Make(p.Input.Type, slots*p.slotLen()), Slots: slots, slots: make([]slot, slots)}
	for i := range t.slots {
		t.slots[i] = slot{tray: t, index: i}
	}
	return t
}

// data is the bytes of the slot's input.
func (s *slot) data() []byte {
	size := len(s.tray.Data) / s.tray.Slots
	return s.tray.Data[s.index*size:][:size:size]
}

// Finish implements frame.Finisher: it reads what the model said of the slot.
func (s *slot) Finish(e *frame.Entry) {
	defer s.Release()
	home := s.tray.home
	r := home.readers.Get().(*Reader)
	defer home.readers.Put(r)
	e.Output.Detections = r.Picture(s.tray.outputs, s.index, s.fit, e.Region)
}

// Release implements frame.Prepared and frame.Finisher.
func (s *slot) Release() {
	c := s.tray.home
	c.mu.Lock()
	defer c.mu.Unlock()
	s.uses--
	if s.uses > 0 {
		return
	}
	if t := s.tray; t.vacate() {
		c.signal()
	}
}

// hold takes the slot once more; the mutex is held.
func (s *slot) hold() {
	if s.uses++; s.uses == 1 {
		s.tray.held++
	}
}

// vacate: one slot less is in use; true if that was the last.
func (t *Tray) vacate() bool {
	if t.held--; t.held > 0 {
		return false
	}
	t.next, t.taken = 0, false
	return true
}
