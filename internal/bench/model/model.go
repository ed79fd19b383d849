// Package model measures what a call of a processor costs on this machine, for
// batches of different sizes, and with how many threads and instances it serves
// the most.
package model

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Processor is what is measured: Start, Process and Stop are called on one
// goroutine locked to one OS thread, as a coordinator calls them.
type Processor interface {
	Start(ctx context.Context) error
	Process(ctx context.Context, batch []frame.Entry) error
	Stop() error
	Traits() frame.Traits
}

// Factory makes a processor that works with so many threads, for batches of at
// most largest entries.
type Factory func(threads, largest int) (Processor, error)

// Setting is one way to run a processor.
type Setting struct {
	Threads   int `json:"threads"`
	Instances int `json:"instances"`
	// Size is the entries in a call.
	Size int `json:"size"`
}

// Point is what was measured with one setting, all instances at work.
type Point struct {
	Setting
	// Call is the median time of a call.
	Call time.Duration
	// FPS is the frames per second of all instances together.
	FPS float64
}

// Grid is the settings to be measured: every size with every pair of threads
// and instances.
type Grid struct {
	Sizes, Threads, Instances []int
	// CPUs leaves out pairs that need more; 0: none.
	CPUs int
	// Each is the time given to a setting; one call is made however long it takes.
	Each time.Duration
}

// DefaultGrid has the sizes 1–16, and powers of two up to the CPUs for threads
// and instances.
func DefaultGrid(cpus int) Grid {
	g := Grid{CPUs: cpus, Each: 300 * time.Millisecond}
	for n := 1; n <= 16; n++ {
		g.Sizes = append(g.Sizes, n)
	}
	for n := 1; n <= min(cpus, MaxInstances); n *= 2 {
		g.Instances = append(g.Instances, n)
	}
	for n := 1; n < cpus; n *= 2 {
		g.Threads = append(g.Threads, n)
	}
	g.Threads = append(g.Threads, cpus)
	return g
}

// What configurations allow, and what is worth measuring.
const (
	MaxInstances = 16
	MaxThreads   = 256
	MaxSize      = 64
)

// pairs are the threads and instances to be measured together.
func (g Grid) pairs() (all []Setting) {
	for _, threads := range g.Threads {
		for _, instances := range g.Instances {
			if g.CPUs == 0 || threads*instances <= g.CPUs {
				all = append(all, Setting{Threads: threads, Instances: instances})
			}
		}
	}
	return all
}

// sizes are those of the grid that a processor takes, or its own if it takes
// none of them.
func (g Grid) sizes(t frame.Traits) []int {
	if len(t.BatchSizes) == 0 {
		return g.Sizes
	}
	both := slices.DeleteFunc(slices.Clone(g.Sizes), func(n int) bool { return !slices.Contains(t.BatchSizes, n) })
	if len(both) == 0 {
		return t.BatchSizes
	}
	return both
}

// Measure measures the whole grid, one setting after the other, and reports
// each as it is known. If ctx ends it stops with the reason.
func Measure(ctx context.Context, g Grid, f Factory, report func(Point)) (points []Point, err error) {
	for _, s := range g.pairs() {
		c, err := startCrew(ctx, g, s, f)
		if err != nil {
			return nil, err
		}
		for _, n := range c.sizes {
			s.Size = n
			p, err := c.measure(ctx, s, g.Each)
			if err != nil {
				return nil, errors.Join(err, c.stop())
			}
			points = append(points, p)
			report(p)
		}
		if err := c.stop(); err != nil {
			return nil, err
		}
	}
	return points, nil
}
