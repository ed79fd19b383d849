package motion

// What a cell is, compared with the empty scene.
const (
	same   uint8 = iota
	shade        // differs like the ground in a faint shadow would
	weak         // differs enough to belong to something
	strong       // differs enough to be something
)

// thresholds turn a difference into a verdict.
type thresholds struct {
	level  float32 // least difference, in levels of luma
	noises float32 // least difference, in multiples of the cell's noise
}

// strongFactor is how far above the weak threshold a difference is that can
// start a region: 1.6 times lets a region reach to its blurred edges and no
// region start from noise.
const strongFactor = 1.6

// makeThresholds: sensitivity 0.5 is 6 levels and 5 times the mean deviation,
// which is four standard deviations; 1 is a third of 0's.
func makeThresholds(sensitivity float64) thresholds {
	scale := float32(1.5 - sensitivity)
	return thresholds{level: 6 * scale, noises: 5 * scale}
}

// classify compares the cells with the background. contrast becomes the
// difference in multiples of the threshold where it is foreground. It returns the share of cells that
// differ.
func (th thresholds) classify(cells []float32, b background, kinds []uint8, contrast []float32) float64 {
	mean, noise := b.mean[:len(cells)], b.noise[:len(cells)]
	kinds, contrast = kinds[:len(cells)], contrast[:len(cells)]
	n := 0
	for i, v := range cells {
		d, least := v-mean[i], th.noises*noise[i]
		if d < 0 {
			d = -d
		}
		if least < th.level {
			least = th.level
		}
		if d < least {
			kinds[i] = same
			continue
		}
		contrast[i] = d / least
		kinds[i] = weak
		if d >= strongFactor*least {
			kinds[i] = strong
		}
		n++
	}
	return float64(n) / float64(len(cells))
}

// Faint shadows take 5–40 % of the ground's light and leave its texture: the
// share of light left is nearly the same in neighbouring cells.
const (
	shadowDarkest   = .6
	shadowBrightest = .95
	shadowSpread    = .06
)

// markShade finds foreground that may be shadow, from raw to kinds. Whether it
// is one is decided by region: grey things look like this too.
func markShade(cells []float32, b background, g grid, raw, kinds []uint8) {
	copy(kinds, raw)
	for y := 1; y < g.rows-1; y++ {
		for x := 1; x < g.cols-1; x++ {
			i := y*g.cols + x
			if raw[i] == same {
				continue
			}
			r := cells[i] / max(b.mean[i], 1)
			if r < shadowDarkest || r > shadowBrightest || !uniform(cells, b, i, g.cols, r) {
				continue
			}
			for _, k := range [...]int{i, i - g.cols, i - 1, i + 1, i + g.cols} {
				// Where a shadow begins, a cell is in it by half.
				if raw[k] != same && cells[k] < b.mean[k] && cells[k] > shadowDarkest*b.mean[k] {
					kinds[k] = shade
				}
			}
		}
	}
}

func uniform(cells []float32, b background, i, cols int, r float32) bool {
	alike := 0
	for _, k := range [...]int{i - cols, i - 1, i + 1, i + cols} {
		if d := cells[k] - r*b.mean[k]; max(d, -d) < shadowSpread*b.mean[k] {
			alike++
		}
	}
	return alike >= 2
}

// despeckle drops cells with fewer than two neighbours of eight.
func despeckle(g grid, kinds, out []uint8) {
	copy(out, kinds)
	for y := range g.rows {
		for x := range g.cols {
			i := y*g.cols + x
			if kinds[i] != same && neighbours(g, kinds, x, y) < 3 {
				out[i] = same
			}
		}
	}
}

// neighbours counts the foreground in the 3×3 around a cell, itself included.
func neighbours(g grid, kinds []uint8, x, y int) int {
	n := 0
	for ny := max(y-1, 0); ny <= min(y+1, g.rows-1); ny++ {
		for nx := max(x-1, 0); nx <= min(x+1, g.cols-1); nx++ {
			if kinds[ny*g.cols+nx] != same {
				n++
			}
		}
	}
	return n
}
