package view

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func ramp(at, from, length float64) float64 { return min(max((at-from)/length, 0), 1) }

// What a camera goes through without looking elsewhere.
func TestSameView(t *testing.T) {
	for name, story := range map[string]func(w *world, at float64) shot{
		"nothing": func(_ *world, at float64) shot { return shot{} },
		"a shaking mast": func(_ *world, at float64) shot {
			return shot{pose: pose{x: .018 * math.Sin(2*math.Pi*.9*at), y: .012 * math.Sin(2*math.Pi*1.3*at)}}
		},
		"a push that returns": func(_ *world, at float64) shot {
			return shot{pose: pose{x: .06 * math.Max(0, 1-math.Abs(at-6)/.25)}}
		},
		"exposure drops to a third and comes back": func(_ *world, at float64) shot {
			gain := 1 - .67*ramp(at, 5, .5)*(1-ramp(at, 8, 1))
			return shot{luma: func(v float64) float64 { return 16 + (v-16)*gain }}
		},
		"most of the light is switched off": func(_ *world, at float64) shot {
			if at < 5 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return 16 + (v-16)*.4 }}
		},
		"infrared turns contrast around": func(_ *world, at float64) shot {
			if at < 5 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return 200 - .7*v }}
		},
		"gamma and gain": func(_ *world, at float64) shot {
			if at < 5 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return 235 * math.Pow(v/235, .6) }}
		},
		"more noise": func(w *world, at float64) shot {
			if at < 5 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return v + 8*w.rng.NormFloat64() }}
		},
		"headlights for a second": func(_ *world, at float64) shot {
			if at < 5 || at > 6 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return 240 }}
		},
		"a hand before the lens for a second": func(_ *world, at float64) shot {
			if at < 5 || at > 6 {
				return shot{}
			}
			return shot{luma: func(v float64) float64 { return 30 }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				w := newWorld(t, seed)
				o := w.play(12*time.Second, func(at float64) shot { return story(w, at) })
				if len(o.changes) > 0 {
					t.Errorf("world %d: the view changed: %v", seed, o.changes)
				}
			}
		})
	}
}

// A camera is turned, or something is done to it, 5 s after the start.
func TestNewView(t *testing.T) {
	const start = 5
	gone := func(luma func(v float64) float64) func(*world, float64) shot {
		return func(_ *world, at float64) shot {
			if at < start {
				return shot{}
			}
			return shot{luma: luma}
		}
	}
	moved := func(to pose, length float64) func(*world, float64) shot {
		return func(_ *world, at float64) shot {
			k := ramp(at, start, length)
			return shot{pose: pose{to.x * k, to.y * k, to.zoom * k, to.roll * k}}
		}
	}
	for name, c := range map[string]struct {
		story  func(*world, float64) shot
		within float64 // from start
		lens   []frame.Lens
	}{
		"right by 5 %":            {moved(pose{x: .05}, .001), 1, []frame.Lens{frame.LensClear}},
		"left by 5 %":             {moved(pose{x: -.05}, .001), 1, []frame.Lens{frame.LensClear}},
		"down by 9 % of height":   {moved(pose{y: .09}, .001), 1, []frame.Lens{frame.LensClear}},
		"right and up":            {moved(pose{x: .04, y: -.06}, .001), 1, []frame.Lens{frame.LensClear}},
		"by 12 % in a second":     {moved(pose{x: .12}, 1), 2, []frame.Lens{frame.LensClear}},
		"by 45 % in three":        {moved(pose{x: -.45}, 3), 4, []frame.Lens{frame.LensClear}},
		"to elsewhere at once":    {moved(pose{x: .5, y: .5}, .001), 5, []frame.Lens{frame.LensClear}},
		"zoomed in by a quarter":  {moved(pose{zoom: .25}, .5), 5, []frame.Lens{frame.LensClear}},
		"rolled by 15 degrees":    {moved(pose{roll: .26}, .5), 8, []frame.Lens{frame.LensClear}},
		"covered with black":      {gone(func(float64) float64 { return 17 }), 5, []frame.Lens{frame.LensCovered}},
		"behind a veil":           {gone(func(v float64) float64 { return 90 + v/40 }), 5, []frame.Lens{frame.LensCovered}},
		"blinded":                 {gone(func(v float64) float64 { return 240 }), 5, []frame.Lens{frame.LensBlinded}},
		"blinded, full of glare":  {gone(func(v float64) float64 { return 225 + v/30 }), 5, []frame.Lens{frame.LensBlinded}},
		"covered and uncovered":   {covered(start, start+6, pose{}), 5, []frame.Lens{frame.LensCovered, frame.LensClear}},
		"covered and then turned": {covered(start, start+6, pose{x: .3}), 5, []frame.Lens{frame.LensCovered, frame.LensClear}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				w := newWorld(t, seed)
				o := w.play(16*time.Second, func(at float64) shot { return c.story(w, at) })
				var lens []frame.Lens
				for i, change := range o.changes {
					lens = append(lens, change.state.Lens)
					if change.state.Epoch != uint64(i+1) {
						t.Errorf("world %d: change %d is %v", seed, i, change)
					}
				}
				if !slices.Equal(lens, c.lens) {
					t.Errorf("world %d: changes %v, want %v", seed, o.changes, c.lens)
				} else if d := o.changes[0].at.Seconds() - start; d < 0 || d > c.within {
					t.Errorf("world %d: found %.2f s after it began, want %v", seed, d, c.within)
				}
				if o.was.Moving {
					t.Errorf("world %d: it is still said to move", seed)
				}
			}
		})
	}
}

func covered(from, to float64, then pose) func(*world, float64) shot {
	return func(_ *world, at float64) shot {
		switch {
		case at < from:
			return shot{}
		case at < to:
			return shot{luma: func(float64) float64 { return 20 }}
		}
		return shot{pose: then}
	}
}

// While a camera turns it is said to, and not before or after.
func TestMoving(t *testing.T) {
	w := newWorld(t, 1)
	moving := map[bool][2]float64{}
	o := &observer{Estimator: New()}
	for n := 0; n < 10*worldFPS; n += 3 {
		at := w.Time(n).Seconds()
		v := o.see(w.Time(n), w.picture(n, shot{pose: pose{x: .4 * ramp(at, 3, 3)}}), pictureWidth, pictureHigh)
		if v.Moving {
			m, seen := moving[true]
			if !seen {
				m[0] = at
			}
			m[1] = at
			moving[true] = m
		}
	}
	if m := moving[true]; m[0] < 3 || m[0] > 4 || m[1] < 5.5 || m[1] > 7 {
		t.Errorf("said to move from %.1f s to %.1f s; it moved from 3 s to 6 s", m[0], m[1])
	}
	if o.was.Epoch == 0 {
		t.Error("the view is the one of before")
	}
}

// A camera that is moved while it is away is found by its first pictures.
func TestMovedDuringAnOutage(t *testing.T) {
	w := newWorld(t, 2)
	o := &observer{Estimator: New()}
	for n := 0; n < 16*worldFPS; n += 3 {
		at := w.Time(n)
		if at > 5*time.Second && at < 12*time.Second {
			continue
		}
		s := shot{}
		if at >= 12*time.Second {
			s.x = .06
		}
		o.see(at, w.picture(n, s), pictureWidth, pictureHigh)
	}
	if len(o.changes) != 1 || o.changes[0].at > 13*time.Second {
		t.Errorf("changes %v, want one within a second of the reconnect", o.changes)
	}
}

// A camera that turns back has a third view: epochs never fall.
func TestThereAndBack(t *testing.T) {
	w := newWorld(t, 1)
	o := w.play(12*time.Second, func(at float64) shot {
		if at > 4 && at < 8 {
			return shot{pose: pose{x: .08}}
		}
		return shot{}
	})
	if len(o.changes) != 2 || o.changes[1].state.Epoch != 2 {
		t.Errorf("changes %v, want two", o.changes)
	}
}
