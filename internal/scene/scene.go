// Package scene draws what a synthetic camera sees, with the truth about it:
// objects of four kinds move along smooth paths over textured ground, cross
// each other, enter and leave, under slowly changing light and sensor noise.
// Frame n of a scene is always the same picture, so that whoever knows n knows
// exactly where everything is.
//
// Demo has the four scenes of the demo cameras; Score compares detections with
// the truth and is the one place where the matching rule is written.
package scene

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Options describe a scene.
type Options struct {
	// Width and Height of the picture: even, 64–4096.
	Width, Height int
	// FPS is how many frames a second the scene moves by: 1–120.
	FPS int
	// Seed chooses ground, objects and paths.
	Seed uint64
	// Objects is how many there are, at most 16; most are in the picture most
	// of the time. 0 is an empty scene.
	Objects int
	// Noise is the standard deviation of the sensor noise in levels of 0–255,
	// at most 8.
	Noise float64
	// Light is by how much the light changes over tens of seconds, as a share:
	// 0.1 is from 10 % darker to 10 % brighter. At most 0.3.
	Light float64
	// Shadow is how much darker the ground is in an object's shadow, 0–0.9.
	Shadow float64
}

// Demo is the scene of the demo's camera 0–3 (further cameras are further
// scenes): five objects, 640×360 at 15 frames a second.
func Demo(camera int) Options {
	return Options{
		Width: 640, Height: 360, FPS: 15, Seed: 105 + uint64(camera),
		Objects: 5, Noise: 2.5, Light: .1, Shadow: .15,
	}
}

func (o Options) validate() error {
	switch {
	case o.Width < 64 || o.Width > 4096 || o.Height < 64 || o.Height > 4096 || o.Width%2+o.Height%2 > 0:
		return fmt.Errorf("scene: a picture of %d×%d; must be even and 64–4096 each way", o.Width, o.Height)
	case o.FPS < 1 || o.FPS > 120:
		return fmt.Errorf("scene: %d frames a second; must be 1–120", o.FPS)
	case o.Objects < 0 || o.Objects > 16:
		return fmt.Errorf("scene: %d objects; must be 0–16", o.Objects)
	case !(o.Noise >= 0 && o.Noise <= 8 && o.Light >= 0 && o.Light <= .3 && o.Shadow >= 0 && o.Shadow <= .9):
		return fmt.Errorf("scene: noise %v must be 0–8, light %v 0–0.3, shadow %v 0–0.9", o.Noise, o.Light, o.Shadow)
	}
	return nil
}

// Scene is a camera's whole life. It does not change after New: all methods
// may be called from several goroutines.
type Scene struct {
	options Options
	ground  picture
	noise   []int8
	light   light
	actors  []actor // farther ones first
}

// New draws the ground and the objects, which takes some milliseconds.
func New(o Options) (*Scene, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x9E3779B97F4A7C15))
	s := &Scene{
		options: o,
		ground:  paintGround(o.Width, o.Height, rng),
		noise:   makeNoise(o.Noise, rng),
		light:   makeLight(o.Light, rng),
	}
	for i := range o.Objects {
		s.actors = append(s.actors, makeActor(i, o, rng))
	}
	return s, nil
}

// Options are those the scene was made with.
func (s *Scene) Options() Options { return s.options }

// Time is when frame n is taken, from the scene's beginning.
func (s *Scene) Time(n int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(s.options.FPS)
}

// NewPlanes makes memory for one picture in I420, rows without padding, in one
// piece: Y, then U, then V.
func (s *Scene) NewPlanes() [3]frame.Plane {
	w, h := s.options.Width, s.options.Height
	data := make([]byte, w*h*3/2)
	return [3]frame.Plane{
		{Data: data[:w*h], Stride: w},
		{Data: data[w*h : w*h*5/4], Stride: w / 2},
		{Data: data[w*h*5/4:], Stride: w / 2},
	}
}
