package governor

import (
	"fmt"
	"testing"
	"time"
)

// camera is a feed of the model: what it offers, in frames a second.
type camera struct {
	name           string
	fps, weight    float64
	most           float64 // what it can get for a reason of its own; 0: anything
	target         float64
	away           bool
	due, got, lost float64
	count          Count
	served         []float64 // frames of each second
	targetsSince   []float64
}

func (c *camera) wants() float64 {
	if c.away {
		return 0
	}
	return c.fps
}

func (c *camera) offers() float64 {
	if c.target > 0 {
		return min(c.wants(), c.target)
	}
	return c.wants()
}

// model is a processor that serves capacity frames a second, to all alike, as a
// coordinator with one place per feed does. It knows nothing of the governor's
// inner life.
type model struct {
	t        *testing.T
	g        *Governor
	capacity float64
	cameras  []*camera
	events   []Event
	load     Load
	second   int
}

func newModel(t *testing.T, capacity float64, cameras ...*camera) *model {
	return &model{t: t, g: New(stepDown()), capacity: capacity, cameras: cameras}
}

// equal are n cameras of a rate, all of weight 1.
func equal(n int, fps float64) (list []*camera) {
	for i := range n {
		// Their frames are not served at the same moments.
		phase := float64(i) / float64(n)
		list = append(list, &camera{name: fmt.Sprintf("cam%02d", i), fps: fps, weight: 1, due: phase, got: phase, lost: phase})
	}
	return list
}

// run lets seconds pass.
func (m *model) run(seconds int) {
	for range seconds {
		m.tick()
	}
}

func (m *model) tick() {
	demands := make([]demand, len(m.cameras))
	for i, c := range m.cameras {
		c.due += c.wants()
		c.count.Feed, c.count.Weight, c.count.Wanted = c.name, c.weight, uint64(c.due)
		demands[i] = demand{weight: 1, most: c.offers()}
		if c.most > 0 {
			demands[i].most = min(demands[i].most, c.most)
		}
	}
	total := 0.0
	counts := make([]Count, 0, len(m.cameras))
	for i, rate := range share(m.capacity, demands, nil) {
		c := m.cameras[i]
		c.got += rate
		total += rate
		before := c.count.Served
		c.count.Served = uint64(c.got)
		c.served = append(c.served, float64(c.count.Served-before))
		c.lost += c.offers() - rate
		c.count.Lost = uint64(c.lost)
		counts = append(counts, c.count)
	}
	busy := 0.0
	if m.capacity > 0 {
		busy = total / m.capacity
	}
	r := m.g.Observe(time.Second, time.Duration(busy*float64(time.Second)), counts)
	m.second++
	m.load = r.Load
	m.events = append(m.events, r.Events...)
	for i, target := range r.Targets {
		c := m.cameras[i]
		if target.Feed != c.name {
			m.t.Fatalf("target %d is of %s, want %s", i, target.Feed, c.name)
		}
		c.target = target.FPS
		c.targetsSince = append(c.targetsSince, target.FPS)
	}
}

// rate is what a camera got over the last seconds.
func (c *camera) rate(seconds int) (mean float64) {
	for _, n := range c.served[len(c.served)-seconds:] {
		mean += n / float64(seconds)
	}
	return mean
}

func (m *model) count(k Kind, feed string) (n int) {
	for _, e := range m.events {
		if e.Kind == k && e.Feed == feed {
			n++
		}
	}
	return n
}

// jain is Jain's index of fairness: 1 when all are equal.
func jain(rates []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, r := range rates {
		sum += r
		squares += r * r
	}
	return sum * sum / (float64(len(rates)) * squares)
}

func stepDown() Config { return Config{Policy: StepDown, MinFPS: 1} }
