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
	lane          float64 // where it comes in, 0–1 along the side
	vertical      bool    // may also come from above or below
}

// seconds are how long a passage takes each kind: what is slow and what is
// fast part again where they meet.
var seconds = [NumKinds]struct{ least, most float64 }{Ball: {6.5, 8}, Box: {7.5, 9}, Van: {5, 6.5}, Person: {9, 11}}

// makePath gives object i of n its pace and the place where it comes in, each
// its own; where they leave is random, so that they cross each other inside.
func makePath(k Kind, i, n int, rng *rand.Rand) path {
	pace := seconds[k]
	p := path{seed: rng.Uint64(), passage: pace.least + (pace.most-pace.least)*rng.Float64(), rest: .5 + 1.5*rng.Float64()}
	p.lane = (float64(i) + .5) / float64(n)
	p.vertical = k == Ball || k == Person
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
	from, to := room*(.05+.9*(p.lane+.1*(rng.Float64()-.5))), room*(.08+.84*rng.Float64())
	if left {
		from, to = to, from
	}
	wave := .05 * across * math.Sin(2*math.Pi*(along*(.6+rng.Float64())+rng.Float64()))
	a := -size + along*(length+size)
	b := min(max(from+(to-from)*along+wave, 0), room)
	if down {
		a, b = b, a
	}
	return int(math.Round(a)), int(math.Round(b)), left, true
}
