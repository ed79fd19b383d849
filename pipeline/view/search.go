package view

// The search goes over shifts of up to a sixth of the picture each way, on
// pictures of half the size first.
const (
	halfCols = cols / 2
	halfRows = rows / 2
	farX     = 8
	farY     = 5

	halfBlockCols = blockCols / 2
	halfBlockRows = blockRows / 2
)

// halfPlane is a plane of half the size with the sum of squares of each block,
// which is that block's weight.
type halfPlane struct {
	cells  [halfCols * halfRows]float32
	weight [blocksAcross * blocksDown]float32
}

func (h *halfPlane) shrink(p *plane) {
	clear(h.weight[:])
	for r := range halfRows {
		for c := range halfCols {
			i := 2*r*cols + 2*c
			v := p[i] + p[i+1] + p[i+cols] + p[i+cols+1]
			h.cells[r*halfCols+c] = v
			h.weight[r/halfBlockRows*blocksAcross+c/halfBlockCols] += v * v
		}
	}
}

// searcher has the memory of a search.
type searcher struct{ refX, refY, nowX, nowY halfPlane }

// find returns the shift at which two pictures agree best, and how well.
func (s *searcher) find(ref, now *edges) (best shift, a agreement) {
	s.refX.shrink(&ref.x)
	s.refY.shrink(&ref.y)
	s.nowX.shrink(&now.x)
	s.nowY.shrink(&now.y)
	var rough shift
	most := float32(-1)
	for y := -farY; y <= farY; y++ {
		for x := -farX; x <= farX; x++ {
			d := shift{x, y}
			vx, wx := s.refX.votes(&s.nowX, d)
			vy, wy := s.refY.votes(&s.nowY, d)
			if v := (vx + vy) / max(wx+wy, 1); v > most {
				most, rough = v, d
			}
		}
	}
	return refine(ref, now, shift{2 * rough.x, 2 * rough.y})
}

func refine(ref, now *edges, rough shift) (best shift, a agreement) {
	for y := rough.y - 1; y <= rough.y+1; y++ {
		for x := rough.x - 1; x <= rough.x+1; x++ {
			d := shift{x, y}
			if here := agree(ref, now, d); here.mean() > a.mean() {
				best, a = d, here
			}
		}
	}
	return best, a
}

// votes adds up, over the blocks inside the picture, how far each is explained
// by the shift, at most wholly.
func (h *halfPlane) votes(now *halfPlane, d shift) (votes, weight float32) {
	for r := max(0, -d.y+halfBlockRows-1) / halfBlockRows * halfBlockRows; r+halfBlockRows <= min(halfRows, halfRows-d.y); r += halfBlockRows {
		for c := max(0, -d.x+halfBlockCols-1) / halfBlockCols * halfBlockCols; c+halfBlockCols <= min(halfCols, halfCols-d.x); c += halfBlockCols {
			var both float32
			for y := r; y < r+halfBlockRows; y++ {
				a := (*[halfBlockCols]float32)(h.cells[y*halfCols+c:])
				b := (*[halfBlockCols]float32)(now.cells[(y+d.y)*halfCols+c+d.x:])
				both += a[0]*b[0] + a[1]*b[1] + a[2]*b[2] + a[3]*b[3] + a[4]*b[4] + a[5]*b[5]
			}
			own := h.weight[r/halfBlockRows*blocksAcross+c/halfBlockCols]
			votes += min(max(both, 0), own)
			weight += own
		}
	}
	return votes, weight
}
