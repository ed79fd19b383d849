package scene

import (
	"math"
	"math/rand/v2"
)

// Kind is what an object is.
type Kind uint8

// The kinds, in the order of a detector's classes.
const (
	Ball Kind = iota
	Box
	Van
	Person

	NumKinds = int(Person) + 1
)

var kindNames = [NumKinds]string{"ball", "box", "van", "person"}

// String is the kind's name: ball, box, van or person.
func (k Kind) String() string { return kindNames[k] }

// sprite is an object's picture at full size, cut to its silhouette: the box
// of a sprite is exactly its outermost pixels.
type sprite struct {
	w, h    int
	solid   []bool
	y, u, v []byte
}

// colour is luma and chroma.
type colour struct{ y, u, v float64 }

func (c colour) lit(by float64) colour { return colour{c.y + by, c.u, c.v} }

// paint is what a kind looks like at a point of its box, 0–1 each way.
type paint func(x, y float64) (colour, bool)

// makeSprite rasterises and trims; grain gives surfaces some texture.
func makeSprite(w, h int, look paint, rng *rand.Rand) sprite {
	full := sprite{w: w, h: h, solid: make([]bool, w*h), y: make([]byte, w*h), u: make([]byte, w*h), v: make([]byte, w*h)}
	minX, minY, maxX, maxY := w, h, 0, 0
	for y := range h {
		for x := range w {
			c, solid := look((float64(x)+.5)/float64(w), (float64(y)+.5)/float64(h))
			if !solid {
				continue
			}
			i := y*w + x
			full.solid[i] = true
			full.y[i] = byte(min(max(c.y+10*(rng.Float64()-.5), darkest), 205))
			full.u[i], full.v[i] = byte(c.u), byte(c.v)
			minX, minY, maxX, maxY = min(minX, x), min(minY, y), max(maxX, x+1), max(maxY, y+1)
		}
	}
	return full.crop(minX, minY, maxX, maxY)
}

func (s sprite) crop(minX, minY, maxX, maxY int) sprite {
	c := sprite{w: maxX - minX, h: maxY - minY}
	for y := minY; y < maxY; y++ {
		from, to := y*s.w+minX, y*s.w+maxX
		c.solid = append(c.solid, s.solid[from:to]...)
		c.y, c.u, c.v = append(c.y, s.y[from:to]...), append(c.u, s.u[from:to]...), append(c.v, s.v[from:to]...)
	}
	return c
}

func (s sprite) mirrored() sprite {
	m := sprite{w: s.w, h: s.h, solid: make([]bool, len(s.solid)), y: make([]byte, len(s.y)), u: make([]byte, len(s.u)), v: make([]byte, len(s.v))}
	for y := range s.h {
		for x := range s.w {
			to, from := y*s.w+x, y*s.w+s.w-1-x
			m.solid[to], m.y[to], m.u[to], m.v[to] = s.solid[from], s.y[from], s.u[from], s.v[from]
		}
	}
	return m
}

// randomColour is clearly darker or brighter than any ground.
func randomColour(rng *rand.Rand) colour {
	c := colour{u: 128 + 80*(rng.Float64()-.5), v: 128 + 80*(rng.Float64()-.5)}
	if rng.Uint64()&1 == 0 {
		c.y = 44 + 14*rng.Float64()
	} else {
		c.y = 170 + 25*rng.Float64()
	}
	return c
}

func ballPaint(rng *rand.Rand) paint {
	a, b := randomColour(rng), randomColour(rng)
	tilt := rng.Float64() * math.Pi
	return func(x, y float64) (colour, bool) {
		x, y = 2*x-1, 2*y-1
		if x*x+y*y > 1 {
			return colour{}, false
		}
		c := a
		if math.Abs(x*math.Cos(tilt)+y*math.Sin(tilt)) < .3 {
			c = b
		}
		return c.lit(-12 * (x + y)), true
	}
}

func boxPaint(rng *rand.Rand) paint {
	card, tape := randomColour(rng), colour{150, 118, 140}
	return func(x, y float64) (colour, bool) {
		switch {
		case math.Abs(x-.5) < .07 && y < .45, math.Abs(y-.22) < .05:
			return tape, true
		case y < .22:
			return card.lit(14), true
		}
		return card.lit(-10 * x), true
	}
}

func vanPaint(rng *rand.Rand) paint {
	body, glass, tyre := randomColour(rng), colour{62, 134, 124}, colour{42, 128, 128}
	return func(x, y float64) (colour, bool) {
		for _, hub := range []float64{.22, .78} {
			if dx, dy := (x-hub)*2.1, y-.84; dx*dx+dy*dy < .16*.16 {
				return tyre, true
			}
		}
		nose := max(0, x-.72) / .28
		if y > .86 || y < .04+.42*nose || x < .015 {
			return colour{}, false
		}
		if y > .14+.4*nose && y < .42+.1*nose && (x > .1 && x < .42 || x > .48 && x < .68 || x > .72 && x < .9) {
			return glass, true
		}
		return body.lit(8 - 16*y), true
	}
}

// personPaint draws a figure walking; stride is -1–1, how far the legs are apart.
func personPaint(shirt, trousers, skin colour, stride float64) paint {
	return func(x, y float64) (colour, bool) {
		dx, dy := (x-.5)/.21, (y-.085)/.085
		if dx*dx+dy*dy < 1 {
			return skin, true
		}
		if y > .16 && y < .55 {
			half := .34 - .25*max(0, .2-y)*5
			return shirt.lit(-14 * (x - .5)), math.Abs(x-.5) < half
		}
		if y >= .55 {
			swing := .3 * stride * (y - .55) / .45
			if math.Abs(x-.4-swing) < .15 || math.Abs(x-.6+swing) < .15 {
				return trousers, true
			}
		}
		return colour{}, false
	}
}
