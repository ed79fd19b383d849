package motion

import (
	"testing"
	"time"
)

func flat(n int, v float32) []float32 {
	cells := make([]float32, n)
	fill(cells, v)
	return cells
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// What passes a place in less than half of the lesson leaves no trace.
func TestALessonForgetsWhatPasses(t *testing.T) {
	l := newLesson(0, 2*time.Second)
	over := false
	for n := 0; !over; n++ {
		cells := flat(100, 80)
		if n < 13 {
			cells[5] = 180 // for 13 of 30 frames
		}
		over = l.add(cells, time.Duration(n)*time.Second/15)
	}
	b := l.learned()
	if b.mean[5] != 80 || b.mean[6] != 80 {
		t.Errorf("learned %v where something passed, %v elsewhere; want 80", b.mean[5], b.mean[6])
	}
	if b.noise[6] != noiseFloor {
		t.Errorf("noise %v of a constant cell, want %v", b.noise[6], noiseFloor)
	}
	if len(l.pictures) > lessonPictures {
		t.Errorf("%d pictures kept, at most %d", len(l.pictures), lessonPictures)
	}
}

func TestALessonOfASlowFeedTakesThreePictures(t *testing.T) {
	l := newLesson(0, 2*time.Second)
	for n, want := range []bool{false, false, true} {
		if got := l.add(flat(4, 1), time.Duration(n)*10*time.Second); got != want {
			t.Errorf("after %d pictures over: %v", n+1, got)
		}
	}
}

func TestLightIsFollowedAndThingsAreNot(t *testing.T) {
	b := background{mean: flat(1000, 100), noise: flat(1000, 1)}
	cells := flat(1000, 110)
	fill(cells[:400], 30) // a thing over 40 % of the picture
	if gain := b.followLight(cells); gain < 1.09 || gain > 1.11 {
		t.Errorf("gain %v, want 1.1", gain)
	}
	if m := b.mean[0]; m < 109 || m > 111 {
		t.Errorf("background %v after the light grew by a tenth, want 110", m)
	}
}

// Half of the frames must teach as much as all of them.
func TestLearningGoesByTime(t *testing.T) {
	after := func(step time.Duration) float32 {
		b := background{mean: flat(1, 100), noise: flat(1, 1)}
		for range int(8 * time.Second / step) {
			b.update(flat(1, 110), make([]bool, 1), step)
		}
		return b.mean[0]
	}
	all, half := after(50*time.Millisecond), after(100*time.Millisecond)
	if d := all - half; max(d, -d) > .1 || all < 105 || all > 108 {
		t.Errorf("after 8 s the mean is %v with all frames and %v with half of them; want 106.3", all, half)
	}
}
