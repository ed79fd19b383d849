package motion

const (
	// emptyOpposite is the share of a region's box that must be empty in two
	// opposite corners for the region to be two things one beside the other:
	// a car at 45° leaves 28 %.
	emptyOpposite = .33
	// emptyCross is the same for all corners, for an upright thing and a wide
	// one across each other: a ball leaves 18 %, a person with arms spread 35 %.
	emptyCross = .37
	// emptyEnough is the share of foreground that an empty corner may have.
	emptyEnough = .05
)

// corner is an empty rectangle of w×h cells at a corner of a region's box.
type corner struct{ w, h int }

func (c corner) area() int { return c.w * c.h }

// split cuts a region in two boxes, which may overlap, if its shape says that
// it is two things of minCells or more.
func (w *scratch) split(r region, g grid, minCells float64) (a, b region, ok bool) {
	w.sumUp(r, g)
	tl, tr := w.emptyCorner(false, false), w.emptyCorner(true, false)
	bl, br := w.emptyCorner(false, true), w.emptyCorner(true, true)
	first, second, ok := twoBoxes(r.box, tl, tr, bl, br)
	if !ok || !wide(first) || !wide(second) {
		return a, b, false
	}
	a, b = w.part(r, g, first), w.part(r, g, second)
	return a, b, float64(a.cells) >= minCells && float64(b.cells) >= minCells
}

// wide: thinner than that is an edge, a leg, a pole.
func wide(r rect) bool { return min(r.w(), r.h()) >= 4 }

// twoBoxes are those that leave the given corners of their common box empty:
// where two opposite corners are, one in each of the other two; else one
// upright through the middle and one across.
func twoBoxes(box rect, tl, tr, bl, br corner) (a, b rect, ok bool) {
	rising, falling := float64(tr.area()+bl.area()), float64(tl.area()+br.area())
	a, b = box, box
	switch {
	case rising > 3*falling && rising > emptyOpposite*box.area():
		a.x1, a.y1 = box.x1-float64(tr.w), box.y1-float64(bl.h)
		b.x0, b.y0 = box.x0+float64(bl.w), box.y0+float64(tr.h)
	case falling > 3*rising && falling > emptyOpposite*box.area():
		a.x0, a.y1 = box.x0+float64(tl.w), box.y1-float64(br.h)
		b.x1, b.y0 = box.x1-float64(br.w), box.y0+float64(tl.h)
	case rising+falling > emptyCross*box.area():
		a.x0, a.x1 = box.x0+float64(max(tl.w, bl.w)), box.x1-float64(max(tr.w, br.w))
		b.y0, b.y1 = box.y0+float64(max(tl.h, tr.h)), box.y1-float64(max(bl.h, br.h))
	default:
		return a, b, false
	}
	return a, b, true
}

// table holds, for a region's box, how many of its cells lie above and left of
// each point.
type table struct {
	w, h int
	sums []int32 // (w+1)×(h+1)
}

func (w *scratch) sumUp(r region, g grid) {
	t := &w.table
	t.w, t.h = int(r.box.w()), int(r.box.h())
	t.sums = resized(t.sums, (t.w+1)*(t.h+1))
	clear(t.sums)
	x0, y0 := int(r.box.x0), int(r.box.y0)
	for _, m := range r.members {
		x, y := int(m)%g.cols-x0, int(m)/g.cols-y0
		if x >= 0 && y >= 0 && x < t.w && y < t.h && !(r.shadow && w.kinds[m] == shade) {
			t.sums[(y+1)*(t.w+1)+x+1] = 1
		}
	}
	for y := 1; y <= t.h; y++ {
		line := int32(0)
		for x := 1; x <= t.w; x++ {
			line += t.sums[y*(t.w+1)+x]
			t.sums[y*(t.w+1)+x] = line + t.sums[(y-1)*(t.w+1)+x]
		}
	}
}

func (t *table) count(x0, y0, x1, y1 int) int {
	at := func(x, y int) int { return int(t.sums[y*(t.w+1)+x]) }
	return at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0)
}

// emptyCorner is the largest empty rectangle in a corner of the box.
func (w *scratch) emptyCorner(right, bottom bool) (best corner) {
	t := &w.table
	for cw := 1; cw < t.w; cw++ {
		for ch := 1; ch < t.h; ch++ {
			if cw*ch <= best.area() {
				continue
			}
			x, y := 0, 0
			if right {
				x = t.w - cw
			}
			if bottom {
				y = t.h - ch
			}
			if float64(t.count(x, y, x+cw, y+ch)) > emptyEnough*float64(cw*ch) {
				break
			}
			best = corner{cw, ch}
		}
	}
	return best
}

// part is what lies of a region within a box, as a region of that box.
func (w *scratch) part(r region, g grid, box rect) region {
	from := len(w.members)
	n := 0
	for _, m := range r.members {
		if !box.has(int(m)%g.cols, int(m)/g.cols) {
			continue
		}
		w.members = append(w.members, m)
		if !(r.shadow && w.kinds[m] == shade) {
			n++
		}
	}
	return region{box: box, cells: n, contrast: r.contrast, shadow: r.shadow, cut: true, members: w.members[from:len(w.members):len(w.members)]}
}
