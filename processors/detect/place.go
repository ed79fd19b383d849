package detect

import "context"

// like: the tray's inputs are as those of this cupboard's.
func (c *cupboard) like(t *Tray) bool {
	p := t.home.plan
	return t.home == c || t.Slots == c.slots && p.Target == c.plan.Target && p.Input.Type == c.plan.Input.Type
}

// place finds the tray in which the first size slots can be run with the
// fewest pictures copied, gives every job one of them, and holds it.
func (d *Detector) place(ctx context.Context, size int) (*Tray, error) {
	t := d.prepared(size)
	if t == nil {
		var err error
		if t, err = d.intake.cupboard.ownTray(ctx); err != nil {
			return nil, err
		}
	}
	t.home.mu.Lock()
	defer t.home.mu.Unlock()
	for i := range d.jobs {
		if j := &d.jobs[i]; j.from != nil && j.from.tray == t && j.from.index < size {
			j.slot = j.from
			j.slot.hold()
		}
	}
	gap := 0
	for i := range d.jobs {
		j := &d.jobs[i]
		if j.slot != nil {
			continue
		}
		for t.slots[gap].uses > 0 {
			gap++
		}
		j.slot = &t.slots[gap]
		j.slot.hold()
	}
	return t, nil
}

// prepared takes the tray in which most of the batch lies as it must, or
// returns nil.
func (d *Detector) prepared(size int) *Tray {
	var best *Tray
	most := 0
	for i := range d.jobs {
		s := d.jobs[i].from
		if s == nil || s.tray == best || i > 0 && d.jobs[i-1].from != nil && d.jobs[i-1].from.tray == s.tray {
			continue
		}
		if n := d.inPlace(s.tray, size); n > most && s.tray.take(size, n, false) {
			best, most = s.tray, n
		}
	}
	if best == nil || !best.take(size, most, true) {
		return nil
	}
	return best
}

// inPlace counts the pictures that lie in the first size slots of a tray.
func (d *Detector) inPlace(t *Tray, size int) (n int) {
	for i := range d.jobs {
		if s := d.jobs[i].from; s != nil && s.tray == t && s.index < size {
			n++
		}
	}
	return n
}

// take reports whether the first size slots of the tray can be run by who has
// so many of them: nobody else has one, and the tray was not run since it was
// filled. If asked it then takes the tray.
func (t *Tray) take(size, mine int, forGood bool) bool {
	t.home.mu.Lock()
	defer t.home.mu.Unlock()
	if t.taken {
		return false
	}
	for i := range t.slots[:size] {
		if t.slots[i].uses > 0 {
			mine--
		}
	}
	if mine == 0 && forGood {
		t.taken = true
	}
	return mine == 0
}
