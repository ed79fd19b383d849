package motion

import (
	"fmt"
	"math"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// Compared with the plain mean of the pixels of each cell, wherever all of
// them are read.
func TestCellsAreMeans(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 3}, {200, 150}, {201, 113}, {640, 360}, {645, 361}, {768, 432}, {1001, 2}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			f := processortest.Frame(size[0], size[1], frame.NV12, processortest.Noise(7))
			g := makeGrid(size[0], size[1], 200)
			if g.factor/enoughRows > 1 {
				t.Fatalf("factor %d: not all rows would be read", g.factor)
			}
			cells := make([]float32, g.cells())
			var s shrinker
			s.luma(f, g, cells)
			for y := range g.rows {
				for x := range g.cols {
					if want := plainMean(f, g, x, y); math.Abs(float64(cells[y*g.cols+x])-want) > 1e-3 {
						t.Fatalf("cell %d,%d is %v, want %v", x, y, cells[y*g.cols+x], want)
					}
				}
			}
		})
	}
}

func plainMean(f *frame.Frame, g grid, x, y int) float64 {
	sum, n := 0, 0
	for py := y * g.factor; py < min((y+1)*g.factor, f.Height); py++ {
		for px := x * g.factor; px < min((x+1)*g.factor, f.Width); px++ {
			sum += int(f.Planes[0].Data[py*f.Planes[0].Stride+px])
			n++
		}
	}
	return float64(sum)/float64(n) - black
}

// Large pictures are sampled: white must not overflow, and full range has no
// black to take off.
func TestLargeAndFullRange(t *testing.T) {
	f := processortest.Frame(8192, 16, frame.I420, processortest.Gray(255))
	f.FullRange = true
	g := makeGrid(8192, 16, 200)
	cells := make([]float32, g.cells())
	new(shrinker).luma(f, g, cells)
	for i, v := range cells {
		if v < 254.99 || v > 255.01 {
			t.Fatalf("cell %d of %d is %v, want 255", i, len(cells), v)
		}
	}
}

func TestGridKeepsToItsWidth(t *testing.T) {
	for _, size := range [][2]int{{320, 240}, {640, 360}, {1280, 720}, {1920, 1080}, {1080, 1920}, {3840, 2160}, {8192, 8192}} {
		g := makeGrid(size[0], size[1], 200)
		if longer := max(g.cols, g.rows); longer < 130 || longer > 330 {
			t.Errorf("%v becomes %d×%d cells", size, g.cols, g.rows)
		}
		if g.cols*g.factor < size[0] || g.rows*g.factor < size[1] {
			t.Errorf("%v: %d×%d cells of %d do not cover it", size, g.cols, g.rows, g.factor)
		}
	}
}
