package scene

import (
	"math"
	"math/rand/v2"
)

// path is an object's way through the picture, again and again: in at one side
// and out at the other, another line each time, with a pause outside between.
type path struct {
	seed          uint64
	start         float64 // seconds into the first passage at time 0
	passage, rest float64 // seconds
	vertical      bool    // may also come from above or below
}

func makePath(vertical bool, rng *rand.Rand) path {
	p := path{seed: rng.Uint64(), passage: 6 + 3*rng.Float64(), rest: .5 + 1.5*rng.Float64(), vertical: vertical}
	p.start = rng.Float64() * p.passage
	return p
}

// at is where an object of w×h has its top left corner at t seconds, in
// pixels of a picture of W×H, and whether it heads left. ok is false while it
// is outside.
func (p path) at(t float64, w, h, pictureW, pictureH int) (x, y int, left, ok bool) {
	t += p.start
	round := math.Floor(t / (p.passage + p.rest))
	t -= round * (p.passage + p.rest)
	if t >= p.passage {
		return 0, 0, false, false
	}
	rng := rand.New(rand.NewPCG(p.seed, uint64(int64(round))))
	along := t / p.passage
	if rng.Uint64()&1 == 1 {
		along, left = 1-along, true
	}
	down := p.vertical && rng.Uint64()%3 == 0
	length, across, size, girth := float64(pictureW), float64(pictureH), float64(w), float64(h)
	if down {
		length, across, size, girth = across, length, girth, size
	}
	room := across - girth
	from, to := room*(.08+.84*rng.Float64()), room*(.08+.84*rng.Float64())
	wave := .05 * across * math.Sin(2*math.Pi*(along*(.6+rng.Float64())+rng.Float64()))
	a := -size + along*(length+size)
	b := min(max(from+(to-from)*along+wave, 0), room)
	if down {
		a, b = b, a
	}
	return int(math.Round(a)), int(math.Round(b)), left, true
}
