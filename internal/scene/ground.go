package scene

import (
	"math"
	"math/rand/v2"
)

// picture is I420 without padding.
type picture struct {
	w, h    int
	y, u, v []byte
}

func newPicture(w, h int) picture {
	return picture{w: w, h: h, y: make([]byte, w*h), u: make([]byte, w*h/4), v: make([]byte, w*h/4)}
}

// Luma of ground and objects stays within these, so that light and noise never
// leave the 16–235 of video.
const (
	darkest   = 40
	brightest = 190
)

// paintGround makes asphalt or gravel: blotches of several sizes, grain, and a
// few painted lines, with a faint tint.
func paintGround(w, h int, rng *rand.Rand) picture {
	p := newPicture(w, h)
	base := 95 + 30*rng.Float64()
	blotches := []valueNoise{newValueNoise(6, rng), newValueNoise(18, rng), newValueNoise(70, rng)}
	amplitudes := []float64{22, 14, 12}
	lines := makeLines(rng)
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(w)
			luma := base + 5*(rng.Float64()-.5)
			for i := range blotches {
				luma += amplitudes[i] * blotches[i].at(fx, fy)
			}
			for _, l := range lines {
				luma += l.brightness(fx, fy)
			}
			p.y[y*w+x] = byte(min(max(luma, darkest), brightest))
		}
	}
	tint := newValueNoise(4, rng)
	for y := range h / 2 {
		for x := range w / 2 {
			t := 6 * tint.at(2*float64(x)/float64(w), 2*float64(y)/float64(w))
			p.u[y*w/2+x], p.v[y*w/2+x] = byte(126-t), byte(130+t)
		}
	}
	return p
}

// valueNoise is smooth noise within -0.5–0.5 with a number of cells across the
// picture's width.
type valueNoise struct {
	cells float64
	grid  [64 * 64]float64
}

func newValueNoise(cells float64, rng *rand.Rand) valueNoise {
	n := valueNoise{cells: cells}
	for i := range n.grid {
		n.grid[i] = rng.Float64() - .5
	}
	return n
}

func (n *valueNoise) at(x, y float64) float64 {
	x, y = x*n.cells, y*n.cells
	x0, y0 := math.Floor(x), math.Floor(y)
	sx, sy := smooth(x-x0), smooth(y-y0)
	i, j := int(x0)&63, int(y0)&63
	i1, j1 := (i+1)&63, (j+1)&63
	top := n.grid[j*64+i]*(1-sx) + n.grid[j*64+i1]*sx
	bottom := n.grid[j1*64+i]*(1-sx) + n.grid[j1*64+i1]*sx
	return top*(1-sy) + bottom*sy
}

func smooth(t float64) float64 { return t * t * (3 - 2*t) }

// line is a painted stripe on the ground.
type line struct{ x, y, nx, ny, width, paint float64 }

func makeLines(rng *rand.Rand) []line {
	lines := make([]line, 2+rng.IntN(3))
	for i := range lines {
		a := rng.Float64() * math.Pi
		lines[i] = line{rng.Float64(), rng.Float64() * .6, math.Cos(a), math.Sin(a), .003 + .004*rng.Float64(), 20 + 25*rng.Float64()}
	}
	return lines
}

func (l line) brightness(x, y float64) float64 {
	if math.Abs((x-l.x)*l.nx+(y-l.y)*l.ny) < l.width {
		return l.paint
	}
	return 0
}

// light is how bright the scene is over time: two slow waves.
type light struct{ amplitude, phase1, phase2 float64 }

func makeLight(amplitude float64, rng *rand.Rand) light {
	return light{amplitude, rng.Float64() * 2 * math.Pi, rng.Float64() * 2 * math.Pi}
}

// curve is what becomes of each luma at t seconds.
func (l light) curve(t float64) (lut [256]byte) {
	gain := 1 + l.amplitude*(.6*math.Sin(2*math.Pi*t/41+l.phase1)+.4*math.Sin(2*math.Pi*t/17+l.phase2))
	for i := range lut {
		lut[i] = byte(min(max(16+(float64(i)-16)*gain+.5, 28), 222))
	}
	return lut
}

// noiseSize is a power of two well above any row's length.
const noiseSize = 1 << 16

// makeNoise is a table to start at a random place of for every row: far cheaper
// than a random number per pixel, and no eye nor detector sees the difference.
func makeNoise(deviation float64, rng *rand.Rand) []int8 {
	table := make([]int8, noiseSize)
	for i := range table {
		table[i] = int8(min(max(math.Round(rng.NormFloat64()*deviation), -12), 12))
	}
	return table
}
