package detect

import (
	"context"
	"sync"
)

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

// putBack returns a tray of which no slot is held.
func (c *cupboard) putBack(t *Tray) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.taken = false
	c.signal()
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
