package view

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

// world is a large synthetic scene with things moving in it, through which a
// camera looks.
type world struct {
	*scene.Scene
	planes [3]frame.Plane
	rng    *rand.Rand
}

const (
	worldWidth, worldHeight   = 768, 432
	pictureWidth, pictureHigh = 384, 216
	worldFPS                  = 15
)

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	s, err := scene.New(scene.Options{
		Width: worldWidth, Height: worldHeight, FPS: worldFPS, Seed: seed, Objects: 6, Noise: 2, Light: .1, Shadow: .2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{Scene: s, planes: s.NewPlanes(), rng: rand.New(rand.NewPCG(seed, 1))}
}

// pose is how the camera looks: where the middle of its picture is in pictures
// beside the middle of the world, how far it is zoomed in and rolled (radians).
type pose struct{ x, y, zoom, roll float64 }

// shot is a moment of a story: the pose, and what happens to the luma then.
type shot struct {
	pose
	luma func(v float64) float64
}

// picture is frame n from a pose.
func (w *world) picture(n int, s shot) frame.Plane {
	w.Render(n, w.planes)
	zoom := 1 + s.zoom
	sin, cos := math.Sincos(s.roll)
	luma := frame.Plane{Data: make([]byte, pictureWidth*pictureHigh), Stride: pictureWidth}
	for y := range pictureHigh {
		for x := range pictureWidth {
			dx, dy := (float64(x)-pictureWidth/2)/zoom, (float64(y)-pictureHigh/2)/zoom
			wx := worldWidth/2 + s.x*pictureWidth + dx*cos - dy*sin
			wy := worldHeight/2 + s.y*pictureHigh + dx*sin + dy*cos
			ix, iy := min(max(int(wx), 0), worldWidth-1), min(max(int(wy), 0), worldHeight-1)
			v := float64(w.planes[0].Data[iy*worldWidth+ix])
			if s.luma != nil {
				v = s.luma(v)
			}
			luma.Data[y*pictureWidth+x] = byte(min(max(v, 0), 255))
		}
	}
	return luma
}

// play shows an estimator a story of some length.
func (w *world) play(length time.Duration, story func(at float64) shot) *observer {
	o := &observer{Estimator: New()}
	// Frames that would not be looked at are not drawn.
	for n := 0; ; n += 3 {
		at := w.Time(n)
		if at > length {
			return o
		}
		o.see(at, w.picture(n, story(at.Seconds())), pictureWidth, pictureHigh)
	}
}
