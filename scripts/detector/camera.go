package main

import (
	"image"
	"math/rand/v2"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

// camera is one of the many cameras: what it looks at and how well it sees.
type camera struct {
	options scene.Options
	rng     *rand.Rand
}

// shapes are the aspect ratios of cameras, the usual one more often.
var shapes = [][2]int{{16, 9}, {16, 9}, {16, 9}, {4, 3}, {16, 10}}

func newCamera(seed uint64) *camera {
	rng := rand.New(rand.NewPCG(seed, 0xD1B54A32D192ED03))
	shape := shapes[rng.IntN(len(shapes))]
	width := 320 + 16*rng.IntN(41) // to 960
	if rng.IntN(3) == 0 {
		width = 640
	}
	return &camera{rng: rng, options: scene.Options{
		Width: width, Height: width * shape[1] / shape[0] &^ 1, FPS: 15, Seed: seed,
		Objects: rng.IntN(13), Noise: 5 * rng.Float64(), Light: .25 * rng.Float64(), Shadow: .4 * rng.Float64(),
	}}
}

// hour is how many frames a scene is looked at: its objects pass many times.
const hour = 3600 * 15

// shoot takes one picture at a random time, with the faults of lens, sensor
// and encoder.
func (c *camera) shoot(s *scene.Scene, r *record) error {
	n := c.rng.IntN(hour)
	picture := newPicture(c.options.Width, c.options.Height)
	s.Render(n, planes(picture))
	if err := degrade(&picture, c.rng); err != nil {
		return err
	}
	v := randomView(c.options.Width, c.options.Height, c.rng)
	v.sample(picture, c.rng.IntN(2) == 0, &r.Picture)
	for i := range r.Truth {
		r.Truth[i] = truth{Class: -1}
	}
	for i, o := range s.At(n) {
		r.Truth[i] = v.truth(o)
	}
	return nil
}

func newPicture(w, h int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
}

func planes(p *image.YCbCr) [3]frame.Plane {
	return [3]frame.Plane{{Data: p.Y, Stride: p.YStride}, {Data: p.Cb, Stride: p.CStride}, {Data: p.Cr, Stride: p.CStride}}
}
