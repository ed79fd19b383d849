package detect

import (
	"context"
	"image"
	"sync"

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

// Two trays are filled ahead, so that one can be while the other runs or is
// read; two are for batches that were not prepared, or not side by side, so
// that one can be filled while the other is read.
const traysOfAKind = 2

// cupboard is all trays of one detector, made when they are first needed. Any
// goroutine may use it.
type cupboard struct {
	plan    *Plan
	slots   int // of each tray
	readers sync.Pool
	// back has a value when a tray may have become free.
	back chan struct{}

	mu         sync.Mutex
	ahead, own [traysOfAKind]*Tray
}

func newCupboard(p *Plan, slots int) *cupboard {
	return &cupboard{
		plan: p, slots: slots, back: make(chan struct{}, 1),
		readers: sync.Pool{New: func() any { return p.NewReader() }},
	}
}

func (c *cupboard) signal() {
	select {
	case c.back <- struct{}{}:
	default:
	}
}

// make fills the gap at t; the mutex is held.
func (c *cupboard) make(t **Tray) *Tray {
	if *t == nil {
		*t = c.plan.NewTray(c.slots)
		(*t).home = c
	}
	return *t
}

// slotAhead hands out a slot to be filled before its batch is known, held once;
// nil: there is no room.
func (c *cupboard) slotAhead() *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	var open *Tray // the fuller one
	var gap **Tray
	for i, t := range c.ahead {
		switch {
		case t == nil:
			gap = &c.ahead[i]
		case !t.taken && t.next < t.Slots && (open == nil || t.next > open.next):
			open = t
		}
	}
	if open == nil && gap != nil {
		open = c.make(gap)
	}
	if open == nil {
		return nil
	}
	s := &open.slots[open.next]
	open.next++
	s.hold()
	return s
}

// ownTray takes a tray that nobody uses, when there is one.
func (c *cupboard) ownTray(ctx context.Context) (*Tray, error) {
	for {
		if t := c.freeTray(); t != nil {
			return t, nil
		}
		select {
		case <-c.back:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *cupboard) freeTray() *Tray {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.own {
		if t := c.make(&c.own[i]); !t.taken {
			t.taken = true
			return t
		}
	}
	return nil
}

// bytes is the memory of the trays' inputs.
func (c *cupboard) bytes() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range append(c.ahead[:], c.own[:]...) {
		if t != nil {
			n += len(t.Data)
		}
	}
	return n
}
