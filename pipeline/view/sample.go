package view

import "github.com/nvpipe/nvpipe/frame"

// The small picture that views are compared by: cols × rows cells over the
// whole picture, whatever its shape. Displacements are therefore shares of the
// picture's width and height.
const (
	cols  = 96
	rows  = 64
	cells = cols * rows
)

// perCell is how many pixels of a cell are averaged each way: more of them
// hardly lowers the noise, and in a large picture cost memory bandwidth.
const perCell = 4

// sample is a small picture: mean luma, 0–255.
type sample [cells]float32

// grid says which pixels are averaged in pictures of one size. Cells smaller
// than perCell pixels have some of them twice.
type grid struct {
	width, height int
	x             [cols][perCell]int
	y             [rows][perCell]int
}

func makeGrid(width, height int) *grid {
	g := &grid{width: width, height: height}
	for c := range g.x {
		g.x[c] = spread(c, cols, width)
	}
	for r := range g.y {
		g.y[r] = spread(r, rows, height)
	}
	return g
}

// spread is where to look in cell i of n over size pixels: evenly.
func spread(i, n, size int) (at [perCell]int) {
	for k := range at {
		at[k] = (2*(i*perCell+k) + 1) * size / (2 * n * perCell)
	}
	return at
}

// take averages a luma plane that has at least the grid's size.
func (g *grid) take(luma frame.Plane, s *sample) {
	for r, ys := range g.y {
		var sums [cols]int
		for _, y := range ys {
			line := luma.Data[y*luma.Stride:][:g.width]
			for c := range sums {
				x := &g.x[c]
				sums[c] += int(line[x[0]]) + int(line[x[1]]) + int(line[x[2]]) + int(line[x[3]])
			}
		}
		out := s[r*cols:][:cols]
		for c, sum := range sums {
			out[c] = float32(sum) / (perCell * perCell)
		}
	}
}

// bright is the share of cells at the upper end of luma, where a sensor has no
// more to say.
func (s *sample) bright(fullRange bool) float32 {
	limit := float32(225) // of 235
	if fullRange {
		limit = 243 // the same of 255
	}
	n := 0
	for _, v := range s {
		if v >= limit {
			n++
		}
	}
	return float32(n) / cells
}

// readable reports whether a frame's luma is all there.
func readable(f *frame.Frame) bool {
	luma := f.Planes[0]
	return f.Width > 0 && f.Height > 0 && luma.Stride >= f.Width &&
		len(luma.Data) >= luma.Stride*(f.Height-1)+f.Width
}
