package motion

import (
	"math"
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
		if !s.ghost(r, w, b, g) && !relit(r, w, b, g) {
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

const (
	// relitLikeness is the correlation of picture and background above which
	// both show the same.
	relitLikeness = .85
	// relitPattern is the least standard deviation, in levels, that a pattern
	// has; below it there is only noise to compare.
	relitPattern = 4
)

// relit reports whether a region shows the background's own pattern, only
// brighter or darker: painted lines do not follow a camera's exposure as the
// ground between them does.
func relit(r region, w *scratch, b background, g grid) bool {
	box := r.box.grown(2).cut(rect{0, 0, float64(g.cols), float64(g.rows)})
	var n, sx, sy, sxx, syy, sxy float64
	for y := int(box.y0); y < int(box.y1); y++ {
		for x := int(box.x0); x < int(box.x1); x++ {
			now, before := float64(w.cells[y*g.cols+x]), float64(b.mean[y*g.cols+x])
			n++
			sx, sy = sx+now, sy+before
			sxx, syy, sxy = sxx+now*now, syy+before*before, sxy+now*before
		}
	}
	varNow, varBefore := sxx/n-sx/n*sx/n, syy/n-sy/n*sy/n
	if min(varNow, varBefore) < relitPattern*relitPattern {
		return false
	}
	return sxy/n-sx/n*sy/n > relitLikeness*math.Sqrt(varNow*varBefore)
}

// edge is how much a picture changes across a cell.
func edge(cells []float32, i, cols int) float32 {
	dx, dy := cells[i+1]-cells[i-1], cells[i+cols]-cells[i-cols]
	return max(dx, -dx) + max(dy, -dy)
}
