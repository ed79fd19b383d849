package offline

import (
	"slices"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestPicker(t *testing.T) {
	for name, c := range map[string]struct {
		fps, rate float64 // wanted, the film's
		pictures  int
		want      int
		first     []time.Duration
	}{
		"one a second, a short rest":  {1, 10, 1394, 139, []time.Duration{0, time.Second, 2 * time.Second}},
		"one a second, a long rest":   {1, 10, 1396, 140, nil},
		"a rate that does not divide": {1, 29.8, 1189, 40, nil},
		"the film's own rate":         {25, 25, 100, 100, nil},
		"the film's rate, rounded":    {29.97, 29.97, 300, 300, nil},
		"more than there is":          {100, 25, 50, 50, nil},
		"shorter than an interval":    {1, 25, 5, 1, []time.Duration{0}},
		"one picture":                 {1, 25, 1, 1, []time.Duration{0}},
		"all":                         {0, 25, 50, 50, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := picker{fps: c.fps}
			var picked []time.Duration
			out := 0
			take := func(f *frame.Frame) {
				if f != nil {
					picked = append(picked, f.PTS)
					f.Release()
				}
			}
			for i := range c.pictures {
				f := &frame.Frame{PTS: time.Duration(float64(i) / c.rate * float64(time.Second)), Duration: time.Duration(float64(time.Second) / c.rate)}
				out++
				f.Init(func(*frame.Frame) { out-- })
				take(p.next(f))
			}
			take(p.last())
			if len(picked) != c.want || !slices.IsSorted(picked) {
				t.Errorf("%d picked, want %d: %v", len(picked), c.want, picked)
			}
			if c.first != nil && !slices.Equal(picked[:len(c.first)], c.first) {
				t.Errorf("picked %v, want %v first", picked, c.first)
			}
			if out != 0 {
				t.Errorf("%d frames are not released", out)
			}
		})
	}
}

// A stream that does not say how long its frames are is judged by their distance.
func TestPickerWithoutDurations(t *testing.T) {
	p := picker{fps: 10}
	n := 0
	for i := range 20 {
		f := &frame.Frame{PTS: time.Duration(i) * 100 * time.Millisecond}
		f.Init(nil)
		if p.next(f) != nil {
			n++
		}
	}
	if p.last() != nil {
		n++
	}
	if n != 20 {
		t.Errorf("%d of 20 frames at their own rate", n)
	}
}
