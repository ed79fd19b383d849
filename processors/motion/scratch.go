package motion

// scratch is working memory that no frame leaves anything in.
type scratch struct {
	cells, contrast []float32
	raw, kinds      []uint8
	taken           []bool
	visited         []bool
	members         []int32
	regions         []region
	table           table
	perColumn       []int
	perRow          []int
}

func (s *scratch) fit(g grid) {
	n := g.cells()
	s.cells, s.contrast = resized(s.cells, n), resized(s.contrast, n)
	s.raw, s.kinds = resized(s.raw, n), resized(s.kinds, n)
	s.taken = resized(s.taken, n)
}

// takenCells are those that nothing is to be learned from: foreground and the
// cells beside it, into which its edges are blurred.
func (w *scratch) takenCells(g grid) []bool {
	clear(w.taken)
	for i, k := range w.kinds {
		if k == same {
			continue
		}
		x, y := i%g.cols, i/g.cols
		for ny := max(y-1, 0); ny <= min(y+1, g.rows-1); ny++ {
			for nx := max(x-1, 0); nx <= min(x+1, g.cols-1); nx++ {
				w.taken[ny*g.cols+nx] = true
			}
		}
	}
	return w.taken
}
