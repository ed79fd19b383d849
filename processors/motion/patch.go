package motion

import "math"

// patch is what a thing looked like when it last had a region to itself. In a
// region that it shares, it is found again by it.
type patch struct {
	dx, dy float64 // of its corner from the track's box's
	w, h   int
	cells  []float32
	own    []bool // which cells are the thing's
}

const (
	// searchCells is how far from where it should be a thing is searched for.
	searchCells = 3
	// alikeLevels is by how much luma may differ for a cell to be the same.
	alikeLevels = 16
	// searchCost is how much more of it must be recognised a cell farther away.
	searchCost = .02
)

// take remembers a region, for a track that has just taken it as its own.
func (p *patch) take(w *scratch, r region, box rect, g grid) {
	x0, y0 := int(r.box.x0), int(r.box.y0)
	p.dx, p.dy = r.box.x0-box.x0, r.box.y0-box.y0
	p.w, p.h = int(r.box.w()), int(r.box.h())
	p.cells, p.own = resized(p.cells, p.w*p.h), resized(p.own, p.w*p.h)
	clear(p.own)
	for _, m := range r.members {
		x, y := int(m)%g.cols-x0, int(m)/g.cols-y0
		if x < 0 || y < 0 || x >= p.w || y >= p.h || r.shadow && w.kinds[m] == shade {
			continue
		}
		p.cells[y*p.w+x], p.own[y*p.w+x] = w.cells[m], true
	}
}

// find returns by how many cells off where the box says the thing is, and how
// much of it is recognised there, 0–1.
func (p *patch) find(w *scratch, box rect, g grid) (dx, dy, recognised float64) {
	x0, y0 := int(math.Round(box.x0+p.dx)), int(math.Round(box.y0+p.dy))
	best := -1.
	for sy := -searchCells; sy <= searchCells; sy++ {
		for sx := -searchCells; sx <= searchCells; sx++ {
			share := p.alike(w, x0+sx, y0+sy, g)
			if score := share - searchCost*math.Hypot(float64(sx), float64(sy)); score > best {
				best, dx, dy, recognised = score, float64(sx), float64(sy), share
			}
		}
	}
	return dx, dy, recognised
}

// alike is the share of the thing's cells that look the same with its corner
// at x0, y0, of those within the picture.
func (p *patch) alike(w *scratch, x0, y0 int, g grid) float64 {
	n, all := 0, 0
	for y := max(0, -y0); y < min(p.h, g.rows-y0); y++ {
		row := (y0+y)*g.cols + x0
		for x := max(0, -x0); x < min(p.w, g.cols-x0); x++ {
			i := y*p.w + x
			if !p.own[i] {
				continue
			}
			all++
			if d := w.cells[row+x] - p.cells[i]; w.kinds[row+x] != same && d < alikeLevels && d > -alikeLevels {
				n++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}
