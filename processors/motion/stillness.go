package motion

import (
	"slices"
	"time"
)

// stillness knows for every cell of foreground since when it has not changed.
// What stands still for long becomes ground; what only looks like a thing,
// because a thing that was taken for ground has left, becomes ground at once.
type stillness struct {
	seen  []float32 // the cell's luma when it last changed
	since []float32 // seconds since then; 0: not foreground
}

func newStillness(cells int) stillness {
	return stillness{make([]float32, cells), make([]float32, cells)}
}

func (s *stillness) reset() { clear(s.since) }

const (
	// stillLevels is by how much a cell may change and still be the same.
	stillLevels = 8
	// ghostSeconds is how long a region has not changed before it is asked
	// whether there is anything.
	ghostSeconds = .5
	// ghostEdges is how weak a ghost's edges are in the picture compared with
	// those in the background, where the thing still stands.
	ghostEdges = .6
)

// absorb updates the times and makes ground of what is due; regions that were
// ghosts are taken out of w.
func (s *stillness) absorb(w *scratch, b background, g grid, step, limit time.Duration) {
	seconds, longest := float32(step.Seconds()), float32(limit.Seconds())
	for i, k := range w.kinds {
		if k == same {
			s.since[i] = 0
			continue
		}
		if d := w.cells[i] - s.seen[i]; s.since[i] == 0 || max(d, -d) > stillLevels {
			s.seen[i], s.since[i] = w.cells[i], 0
		}
		s.since[i] += seconds
		if s.since[i] > longest {
			b.mean[i], w.kinds[i], s.since[i] = w.cells[i], same, 0
		}
	}
	w.regions = slices.DeleteFunc(w.regions, func(r region) bool {
		if !s.ghost(r, w, b, g) {
			return false
		}
		for _, m := range r.members {
			b.mean[m], w.kinds[m], s.since[m] = w.cells[m], same, 0
		}
		return true
	})
}

// ghost reports whether a region that does not change has its edges in the
// background and not in the picture.
func (s *stillness) ghost(r region, w *scratch, b background, g grid) bool {
	var still float64
	for _, m := range r.members {
		still += float64(s.since[m])
	}
	if still/float64(len(r.members)) < ghostSeconds {
		return false
	}
	var now, before float32
	for _, m := range r.members {
		x, y := int(m)%g.cols, int(m)/g.cols
		if x == 0 || y == 0 || x == g.cols-1 || y == g.rows-1 || neighbours(g, w.kinds, x, y) == 9 {
			continue
		}
		now += edge(w.cells, int(m), g.cols)
		before += edge(b.mean, int(m), g.cols)
	}
	return now < ghostEdges*before
}

// edge is how much a picture changes across a cell.
func edge(cells []float32, i, cols int) float32 {
	dx, dy := cells[i+1]-cells[i-1], cells[i+cols]-cells[i-cols]
	return max(dx, -dx) + max(dy, -dy)
}
