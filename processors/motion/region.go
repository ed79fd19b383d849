package motion

// rect is in cells; x1 and y1 are past the end.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) w() float64  { return r.x1 - r.x0 }
func (r rect) h() float64  { return r.y1 - r.y0 }
func (r rect) cx() float64 { return (r.x0 + r.x1) / 2 }
func (r rect) cy() float64 { return (r.y0 + r.y1) / 2 }

func (r rect) area() float64 { return max(r.w(), 0) * max(r.h(), 0) }

// grown by n on all sides.
func (r rect) grown(n float64) rect { return rect{r.x0 - n, r.y0 - n, r.x1 + n, r.y1 + n} }

// has reports whether the middle of cell x, y is inside.
func (r rect) has(x, y int) bool {
	fx, fy := float64(x)+.5, float64(y)+.5
	return fx >= r.x0 && fx < r.x1 && fy >= r.y0 && fy < r.y1
}

func (r rect) moved(dx, dy float64) rect { return rect{r.x0 + dx, r.y0 + dy, r.x1 + dx, r.y1 + dy} }

func (r rect) cut(o rect) rect {
	c := rect{max(r.x0, o.x0), max(r.y0, o.y0), min(r.x1, o.x1), min(r.y1, o.y1)}
	if c.w() <= 0 || c.h() <= 0 {
		return rect{}
	}
	return c
}

func (r rect) joined(o rect) rect {
	return rect{min(r.x0, o.x0), min(r.y0, o.y0), max(r.x1, o.x1), max(r.y1, o.y1)}
}

func (r rect) iou(o rect) float64 {
	i := r.cut(o).area()
	return i / max(r.area()+o.area()-i, 1e-9)
}

// gap is how far two boxes are apart along the axis on which they are farther.
func (r rect) gap(o rect) float64 {
	return max(r.x0-o.x1, o.x0-r.x1, r.y0-o.y1, o.y0-r.y1, 0)
}

// region is connected foreground.
type region struct {
	box      rect
	cells    int
	contrast float64 // mean over its cells, in multiples of the threshold
	shadow   bool    // its shade is shadow and not counted
	cut      bool    // it is one of two things that were one region
	members  []int32 // its cells, in the scratch of this frame
}

// fill is the share of its box that is foreground.
func (r region) fill() float64 { return float64(r.cells) / max(r.box.area(), 1) }

// within is the box of a region's cells that are inside another box.
func (r region) within(box rect, g grid) rect {
	e := emptyExtent()
	for _, m := range r.members {
		if x, y := int(m)%g.cols, int(m)/g.cols; box.has(x, y) {
			e.add(x, y)
		}
	}
	if e.n == 0 {
		return rect{}
	}
	return e.rect()
}

// reach is how many empty cells may lie between two cells of one region.
const reach = 1

// findRegions collects connected foreground that has something strong in it.
// The cells of all regions are kept in one slice that is reused.
func (s *scratch) findRegions(g grid) {
	s.regions, s.members = s.regions[:0], s.members[:0]
	s.visited = resized(s.visited, g.cells())
	clear(s.visited)
	for i, k := range s.kinds {
		if k == strong && !s.visited[i] {
			from := len(s.members)
			s.flood(g, i)
			s.regions = append(s.regions, s.measure(g, s.members[from:len(s.members):len(s.members)]))
		}
	}
}

// flood appends everything connected with cell i to s.members, which is its
// own queue.
func (s *scratch) flood(g grid, i int) {
	s.visited[i] = true
	head := len(s.members)
	s.members = append(s.members, int32(i))
	for ; head < len(s.members); head++ {
		x, y := int(s.members[head])%g.cols, int(s.members[head])/g.cols
		for ny := max(y-1-reach, 0); ny <= min(y+1+reach, g.rows-1); ny++ {
			for nx := max(x-1-reach, 0); nx <= min(x+1+reach, g.cols-1); nx++ {
				if k := ny*g.cols + nx; s.kinds[k] != same && !s.visited[k] {
					s.visited[k] = true
					s.members = append(s.members, int32(k))
				}
			}
		}
	}
}

// leastSolid is the share of a region that must be no shade for its shade to
// be taken for a shadow; else it is a grey thing and all of it counts.
const leastSolid = .4

func (s *scratch) measure(g grid, members []int32) region {
	whole, solid := emptyExtent(), emptyExtent()
	var contrast float64
	for _, m := range members {
		x, y := int(m)%g.cols, int(m)/g.cols
		whole.add(x, y)
		if s.kinds[m] != shade {
			solid.add(x, y)
		}
		contrast += float64(s.contrast[m])
	}
	r := region{box: whole.rect(), cells: whole.n, contrast: contrast / float64(whole.n), members: members}
	if float64(solid.n) >= leastSolid*float64(whole.n) {
		r.box, r.cells, r.shadow = solid.rect(), solid.n, solid.n < whole.n
	}
	return r
}

// extent grows to the box of the cells added.
type extent struct{ n, x0, y0, x1, y1 int }

func emptyExtent() extent { return extent{x0: 1 << 30, y0: 1 << 30, x1: -1, y1: -1} }

func (e *extent) add(x, y int) {
	e.n++
	e.x0, e.y0, e.x1, e.y1 = min(e.x0, x), min(e.y0, y), max(e.x1, x+1), max(e.y1, y+1)
}

func (e extent) rect() rect {
	return rect{float64(e.x0), float64(e.y0), float64(e.x1), float64(e.y1)}
}
