package view

// edges is what is compared: how strong the upright (x) and the lying (y) edges
// are at each cell beside their surroundings. It has no sign and no scale, so
// that neither light nor contrast, nor their reversal by infrared light, changes
// it much.
type edges struct {
	x, y plane
}

type plane [cells]float32

// structure is how much the edges of each block stand out from the edges around
// them, in luma levels: much in a picture that is in focus, and little in soft
// slopes, however steep.
type structure [blocksAcross * blocksDown]float32

const (
	// grain is the luma difference that noise and compression leave between
	// cells and that is taken off.
	grain = 1.5
	// faint is the mean difference below which edges count for less.
	faint = 2
	// reach is how far the surroundings of a cell go each way.
	reach = 4
)

// find fills e from a small picture and says how much structure each block has.
func (e *edges) find(s *sample, w *work) (has structure) {
	for r := 1; r < rows-1; r++ {
		for c := 1; c < cols-1; c++ {
			i := r*cols + c
			e.x[i] = max(abs(s[i+1]-s[i-1])-grain, 0)
			e.y[i] = max(abs(s[i+cols]-s[i-cols])-grain, 0)
		}
	}
	e.x.level(w, &has)
	e.y.level(w, &has)
	return has
}

func abs(v float32) float32 { return max(v, -v) }

// level puts each cell in relation to the mean around it, -1–3, and adds up how
// much the cells of each block differ from that.
func (p *plane) level(w *work, has *structure) {
	w.sum(p)
	for r := range rows {
		top, bottom := max(r-reach, 0), min(r+reach+1, rows)
		for c := range cols {
			left, right := max(c-reach, 0), min(c+reach+1, cols)
			total := w.at(bottom, right) - w.at(top, right) - w.at(bottom, left) + w.at(top, left)
			mean := float32(total) / float32((bottom-top)*(right-left))
			i := r*cols + c
			beside := p[i] - mean
			p[i] = min(beside/(mean+faint), 3)
			has[r/blockRows*blocksAcross+c/blockCols] += abs(beside) / (blockCols * blockRows)
		}
	}
}

// work is the scratch memory of one estimator.
type work struct {
	sums [(rows + 1) * (cols + 1)]float64
}

func (w *work) at(r, c int) float64 { return w.sums[r*(cols+1)+c] }

// sum makes the table of sums over everything above and left of each cell.
func (w *work) sum(p *plane) {
	for r := range rows {
		line := 0.0
		for c := range cols {
			line += float64(p[r*cols+c])
			w.sums[(r+1)*(cols+1)+c+1] = w.at(r, c+1) + line
		}
	}
}

// learn moves e towards now by a share.
func (e *edges) learn(now *edges, share float32) {
	for i := range e.x {
		e.x[i] += (now.x[i] - e.x[i]) * share
		e.y[i] += (now.y[i] - e.y[i]) * share
	}
}

// shift moves e by d; what comes into the picture is as in now.
func (e *edges) shift(d shift, now *edges) {
	e.x.shift(d, &now.x)
	e.y.shift(d, &now.y)
}

func (p *plane) shift(d shift, now *plane) {
	old := *p
	for r := range rows {
		for c := range cols {
			i := r*cols + c
			if y, x := r-d.y, c-d.x; y >= 0 && x >= 0 && y < rows && x < cols {
				p[i] = old[y*cols+x]
			} else {
				p[i] = now[i]
			}
		}
	}
}
