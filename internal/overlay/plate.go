package overlay

// label puts a box's plate where it covers no other.
func (p *Painter) label(c canvas, b *box) {
	p.write(b)
	w, h, ok := p.plateSize(p.look.labels, c)
	if !ok {
		return
	}
	r := place(b.rect, w, h, c.bounds(), p.placed)
	p.placed = append(p.placed, r)
	ink := p.inks[b.colour]
	if b.age > 0 {
		p.plate(c, r, p.look.labels, ink.old, 220, ink.oldText)
	} else {
		p.plate(c, r, p.look.labels, ink.line, 256, ink.text)
	}
}

// write gives a box's plate its lines: its label and the notes on it.
func (p *Painter) write(b *box) {
	p.lines[0] = p.cfg.appendLabel(p.lines[0][:0], b.detection, b.age)
	p.shown = 1
	for i := range p.notes {
		n := &p.notes[i]
		if n.of != b.detection || p.shown == len(p.lines) {
			continue
		}
		line := p.cfg.appendLabel(p.lines[p.shown][:0], n.detection, n.age)
		p.lines[p.shown] = line
		if len(line) > 0 {
			p.shown++
		}
	}
}

// plateSize cuts the lines to the picture and gives their plate's size; false:
// it does not fit at all.
func (p *Painter) plateSize(t *typeface, c canvas) (w, h int, ok bool) {
	room := c.img.Width&^1 - 2*p.look.padX
	for i := range p.shown {
		p.lines[i] = t.cut(p.lines[i], room)
		w = max(w, (t.width(p.lines[i])+2*p.look.padX+1)&^1)
	}
	h = (p.shown*(t.ascent+t.descent) + 2*p.look.padY + 1) &^ 1
	return w, h, len(p.lines[0]) > 0 && w <= c.img.Width && h <= c.img.Height
}

func (p *Painter) plate(c canvas, r rect, t *typeface, ground yuv, opacity int, ink yuv) {
	w, h := r.x1-r.x0, r.y1-r.y0
	if cap(p.mask) < w*h {
		p.mask = make([]uint8, w*h)
	}
	p.mask = p.mask[:w*h]
	clear(p.mask)
	for i := range p.shown {
		t.draw(p.mask, w, h, p.look.padX, p.look.padY+i*(t.ascent+t.descent)+t.ascent, p.lines[i])
	}
	c.plate(r, ground, opacity, ink, p.mask)
}
