package motion

import (
	"slices"
	"time"
)

// lesson gathers pictures of the scene until their median is the empty scene:
// whatever passes a place in less than half of that time leaves no trace.
type lesson struct {
	from, length, next time.Duration
	pictures           [][]byte
	taken              []time.Duration // PTS of the pictures
}

const (
	// lessonPictures bounds a lesson's memory; an odd number has a middle.
	lessonPictures = 15
	// leastPictures make a median; a slow feed takes longer to show them.
	leastPictures = 3
)

func newLesson(from, length time.Duration) *lesson {
	return &lesson{from: from, length: length, next: from}
}

// add takes a picture if it is time for one and reports whether the lesson is over.
func (l *lesson) add(cells []float32, pts time.Duration) (over bool) {
	if pts >= l.next && len(l.pictures) < lessonPictures {
		picture := make([]byte, len(cells))
		for i, v := range cells {
			picture[i] = byte(min(max(v+black+.5, 0), 255))
		}
		l.pictures, l.taken = append(l.pictures, picture), append(l.taken, pts)
		l.next += l.length / (lessonPictures - 1)
	}
	return pts-l.from >= l.length && len(l.pictures) >= leastPictures
}

// learned is the background that the lesson has taught.
func (l *lesson) learned() background {
	cells := len(l.pictures[0])
	b := background{make([]float32, cells), make([]float32, cells)}
	values := make([]byte, len(l.pictures))
	for i := range cells {
		for k, p := range l.pictures {
			values[k] = p[i]
		}
		slices.Sort(values)
		m := values[len(values)/2]
		for k, v := range values {
			values[k] = max(v, m) - min(v, m)
		}
		slices.Sort(values)
		b.mean[i], b.noise[i] = float32(m)-black, max(float32(values[len(values)/2]), noiseFloor)
	}
	return b
}

// recall writes picture k to cells and returns when it was taken.
func (l *lesson) recall(k int, cells []float32) time.Duration {
	for i, v := range l.pictures[k] {
		cells[i] = float32(v) - black
	}
	return l.taken[k]
}
