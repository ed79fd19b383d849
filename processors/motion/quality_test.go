package motion

import (
	"fmt"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

// The measured period: 20 s from second 3 on.
const (
	firstFrame = 3 * 15
	lastFrame  = 23 * 15
)

// soften does to a picture what a codec at moderate quality does: blur, and
// errors in blocks of 8×8 that change with the frame.
func soften(p frame.Plane, width, height, n int, scratch []byte) {
	copy(scratch, p.Data)
	for y := 1; y < height-1; y++ {
		for x := 1; x < width-1; x++ {
			i := y*p.Stride + x
			sum := 4*int(scratch[i]) + int(scratch[i-1]) + int(scratch[i+1]) + int(scratch[i-p.Stride]) + int(scratch[i+p.Stride])
			block := uint32(y/8*width/8+x/8)*2654435761 + uint32(n/15)*40503
			p.Data[i] = byte(min(max(sum/8+int(block>>16%5)-2, 0), 255))
		}
	}
}

// score is how well the demo scenes' objects are found when every step'th
// frame comes through.
func score(t *testing.T, step int, softened bool) scene.Score {
	var total scene.Score
	for camera := range 4 {
		s, planes := newScenery(t, scene.Demo(camera))
		w := watch(t, DefaultConfig())
		scratch := make([]byte, len(planes[0].Data))
		var one scene.Score
		for n := 0; n < lastFrame; n += step {
			s.Render(n, planes)
			if softened {
				soften(planes[0], 640, 360, n, scratch)
			}
			got := w.show(planes, s.Time(n))
			if n >= firstFrame {
				one.Add(s.At(n), got)
			}
		}
		t.Logf("camera %d: recall %.4f, precision %.4f, mean IoU %.3f", camera, one.Recall(), one.Precision(), one.OverlapSum/float64(max(one.Found, 1)))
		total.Found += one.Found
		total.Missed += one.Missed
		total.False += one.False
		total.Frames += one.Frames
	}
	return total
}

func TestFindsTheDemoObjects(t *testing.T) {
	if raceDetector {
		t.Skip("nothing runs at the same time here")
	}
	for _, c := range []struct {
		step     int
		softened bool
	}{{1, false}, {2, false}, {3, false}, {1, true}, {2, true}} {
		t.Run(fmt.Sprintf("every %d, softened %v", c.step, c.softened), func(t *testing.T) {
			t.Parallel()
			s := score(t, c.step, c.softened)
			t.Logf("recall %.4f, precision %.4f in %d frames", s.Recall(), s.Precision(), s.Frames)
			if s.Recall() < .96 || s.Precision() < .96 {
				t.Errorf("recall %.4f, precision %.4f; want 0.96", s.Recall(), s.Precision())
			}
		})
	}
}

func TestNothingInAnEmptyScene(t *testing.T) {
	if raceDetector {
		t.Skip("nothing runs at the same time here")
	}
	for _, o := range []scene.Options{
		{Width: 640, Height: 360, FPS: 15, Seed: 11, Noise: 2.5, Light: .1},
		{Width: 640, Height: 360, FPS: 15, Seed: 12, Noise: 6, Light: .3},
		{Width: 320, Height: 240, FPS: 15, Seed: 13, Noise: 4, Light: .2},
	} {
		t.Run(fmt.Sprintf("noise %v, light %v", o.Noise, o.Light), func(t *testing.T) {
			t.Parallel()
			s, planes := newScenery(t, o)
			w := watch(t, DefaultConfig())
			w.width, w.height = o.Width, o.Height
			for n := range 60 * o.FPS {
				s.Render(n, planes)
				if got := w.show(planes, s.Time(n)); len(got) > 0 {
					t.Fatalf("frame %d: found %v", n, got)
				}
			}
		})
	}
}

// Somebody switches a lamp on that lights half of the picture, and off again:
// no factor explains that. There may be no flood of boxes, and a second later
// all must be well.
func TestLightIsSwitched(t *testing.T) {
	if raceDetector {
		t.Skip("nothing runs at the same time here")
	}
	s, planes := newScenery(t, scene.Options{Width: 640, Height: 360, FPS: 15, Seed: 5, Noise: 2.5})
	lamp := map[string]func(x, y int, v byte) byte{
		"all brighter": func(_, _ int, v byte) byte { return byte(min(int(v)*3/2, 235)) },
		"a lamp": func(x, y int, v byte) byte {
			d := (x-320)*(x-320) + (y-180)*(y-180)
			return byte(min(int(v)+8_000_000/(80_000+d), 235))
		},
		"dark": func(_, _ int, v byte) byte { return byte(16 + (int(v)-16)/4) },
	}
	for name, lit := range lamp {
		t.Run(name, func(t *testing.T) {
			w := watch(t, DefaultConfig())
			for n := range 12 * 15 {
				s.Render(n, planes)
				switchedOn := n >= 4*15 && n < 8*15
				if switchedOn {
					for i, v := range planes[0].Data {
						planes[0].Data[i] = lit(i%640, i/640, v)
					}
				}
				got := w.show(planes, s.Time(n))
				switching := n >= 4*15 && n < 5*15 || n >= 8*15 && n < 9*15
				if len(got) > 3 || !switching && len(got) > 0 {
					t.Fatalf("frame %d: %d boxes", n, len(got))
				}
			}
		})
	}
}

// drawThing draws a chequered square.
func drawThing(p frame.Plane, x, y, size int, luma byte) {
	for dy := range size {
		for dx := range size {
			p.Data[(y+dy)*p.Stride+x+dx] = luma + byte((dx/8+dy/8)%2*20)
		}
	}
}

// A thing comes, stands still until it counts as ground, and leaves: its
// place must not be taken for a thing afterwards.
func TestThingsThatStopAndLeave(t *testing.T) {
	if raceDetector {
		t.Skip("nothing runs at the same time here")
	}
	config := DefaultConfig()
	config.Absorb = 4 * time.Second
	s, planes := newScenery(t, scene.Options{Width: 640, Height: 360, FPS: 15, Seed: 6, Noise: 2})
	w := watch(t, config)
	const arrives, stops, leaves, gone, end = 45, 85, 85 + 10*15, 85 + 10*15 + 40, 85 + 10*15 + 100
	for n := range end {
		s.Render(n, planes)
		switch {
		case n >= arrives && n < stops:
			drawThing(planes[0], 5*(n-arrives), 150, 60, 40)
		case n >= stops && n < leaves:
			drawThing(planes[0], 200, 150, 60, 40)
		case n >= leaves && n < gone:
			drawThing(planes[0], 200+10*(n-leaves), 150, 60, 40)
		}
		got := w.show(planes, s.Time(n))
		switch {
		case n > arrives+5 && n < stops+config15(config.Absorb)-5 && len(got) != 1:
			t.Fatalf("frame %d: %d boxes for a thing that moves or has just stopped", n, len(got))
		case n > stops+config15(config.Absorb)+5 && n < leaves && len(got) != 0:
			t.Fatalf("frame %d: %v is ground by now", n, got)
		case n > leaves+20 && n < gone-2 && len(got) != 1:
			t.Fatalf("frame %d: %v; want the thing that leaves, and not the place where it stood", n, got)
		case n > gone+10 && len(got) != 0:
			t.Fatalf("frame %d: %v where the thing stood", n, got)
		}
	}
}

func config15(d time.Duration) int { return int(d.Seconds() * 15) }
