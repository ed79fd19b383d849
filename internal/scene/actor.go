package scene

import (
	"math"
	"math/rand/v2"

	"github.com/nvpipe/nvpipe/frame"
)

// actor is one object with its looks and its way.
type actor struct {
	id          int
	kind        Kind
	w, h        int      // of its largest sprite
	right, left []sprite // one step after another
	path        path
}

// stepsPerSecond is how fast a walking person changes legs.
const stepsPerSecond = 6

// makeActor gives object i its kind in turn and a size plausible beside the
// others: a ball 7–9 % of the picture's width, a box 8–12 %, a van 13–15 %, a
// person 5–6 % and more than twice as high.
func makeActor(i int, o Options, rng *rand.Rand) actor {
	a := actor{id: i, kind: [...]Kind{Van, Person, Box, Ball}[i%NumKinds]}
	size := func(from, to float64) float64 { return float64(o.Width) * (from + (to-from)*rng.Float64()) }
	switch a.kind {
	case Ball:
		w := size(.07, .09)
		a.dress(w, w, rng, ballPaint(rng))
	case Box:
		w := size(.08, .12)
		a.dress(w, w*(.75+.2*rng.Float64()), rng, boxPaint(rng))
	case Van:
		w := size(.13, .15)
		a.dress(w, w*.52, rng, vanPaint(rng))
	case Person:
		w := size(.05, .06)
		shirt, trousers, skin := randomColour(rng), randomColour(rng), colour{150 + 20*rng.Float64(), 112, 150}
		var steps []paint
		for k := range 6 {
			steps = append(steps, personPaint(shirt, trousers, skin, math.Sin(2*math.Pi*float64(k)/6)))
		}
		a.dress(w, w*2.5, rng, steps...)
	}
	a.path = makePath(a.kind, i, o.Objects, rng)
	return a
}

func (a *actor) dress(w, h float64, rng *rand.Rand, looks ...paint) {
	for _, look := range looks {
		s := makeSprite(int(math.Round(w)), int(math.Round(h)), look, rng)
		a.w, a.h = max(a.w, s.w), max(a.h, s.h)
		a.right = append(a.right, s)
		a.left = append(a.left, s.mirrored())
	}
}

// placed is an actor in one frame; x and y are of its sprite's top left corner
// and may be outside the picture.
type placed struct {
	*actor
	sprite sprite
	x, y   int
}

// cast is who is in the picture in frame n, farther ones first.
func (s *Scene) cast(n int) []placed {
	t := float64(n) / float64(s.options.FPS)
	var all []placed
	for i := range s.actors {
		a := &s.actors[i]
		step := int(t*stepsPerSecond) % len(a.right)
		x, y, left, ok := a.path.at(t, a.w, a.h, s.options.Width, s.options.Height)
		look := a.right[step]
		if left {
			look = a.left[step]
		}
		p := placed{a, look, x + (a.w-look.w)/2, y + a.h - look.h}
		if ok && !p.outside(s.options.Width, s.options.Height) {
			all = append(all, p)
		}
	}
	return all
}

func (p placed) outside(w, h int) bool {
	return p.x >= w || p.y >= h || p.x+p.sprite.w <= 0 || p.y+p.sprite.h <= 0
}

// covers reports whether the actor's silhouette has the picture's pixel x, y.
func (p placed) covers(x, y int) bool {
	x, y = x-p.x, y-p.y
	return x >= 0 && y >= 0 && x < p.sprite.w && y < p.sprite.h && p.sprite.solid[y*p.sprite.w+x]
}

// Object is the truth about one object in one frame.
type Object struct {
	// ID is the object's own, from 0, through all its passages.
	ID   int
	Kind Kind
	// Box is the whole object's, also where another hides it, clipped to the
	// picture.
	Box frame.Box
	// Visible is the share of the object's silhouette that can be seen: inside
	// the picture and not hidden by nearer objects, 0–1.
	Visible float64
}

// At is every object that is at least partly inside the picture of frame n,
// farther ones first. n is 0 or more.
func (s *Scene) At(n int) []Object {
	cast := s.cast(n)
	w, h := s.options.Width, s.options.Height
	objects := make([]Object, len(cast))
	for i, p := range cast {
		objects[i] = Object{
			ID: p.id, Kind: p.kind, Visible: visible(p, cast[i+1:], w, h),
			Box: frame.Box{
				XMin: float32(max(p.x, 0)) / float32(w), YMin: float32(max(p.y, 0)) / float32(h),
				XMax: float32(min(p.x+p.sprite.w, w)) / float32(w), YMax: float32(min(p.y+p.sprite.h, h)) / float32(h),
			},
		}
	}
	return objects
}

// visible looks at every second pixel each way, which is exact to a percent.
func visible(p placed, nearer []placed, w, h int) float64 {
	seen, all := 0, 0
	for sy := 0; sy < p.sprite.h; sy += 2 {
		for sx := 0; sx < p.sprite.w; sx += 2 {
			if !p.sprite.solid[sy*p.sprite.w+sx] {
				continue
			}
			all++
			if x, y := p.x+sx, p.y+sy; x >= 0 && y >= 0 && x < w && y < h && !hidden(x, y, nearer) {
				seen++
			}
		}
	}
	return float64(seen) / float64(max(all, 1))
}

func hidden(x, y int, nearer []placed) bool {
	for _, n := range nearer {
		if n.covers(x, y) {
			return true
		}
	}
	return false
}
