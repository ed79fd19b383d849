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
	// FPS is the frames per second of all instances together, by the median
	// call of each.
	FPS float64
}

// Grid is the settings to be measured: every size with every pair of threads
// and instances.
type Grid struct {
	Sizes, Threads, Instances []int
	// CPUs leaves out pairs that need more; 0: none.
	CPUs int
	// Each is the time given to a setting, in three parts; in each one call is
	// made however long it takes.
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

// rounds is how often the sizes take turns within a pair of threads and
// instances, so that what changes meanwhile is not taken for a size's.
const rounds = 3

// Measure measures the whole grid, one pair of threads and instances after the
// other, and reports each setting as it is known. If ctx ends it stops with the
// reason.
func Measure(ctx context.Context, g Grid, f Factory, report func(Point)) (points []Point, err error) {
	for _, s := range g.pairs() {
		of, err := g.pair(ctx, s, f)
		if err != nil {
			return nil, err
		}
		for _, p := range of {
			report(p)
		}
		points = append(points, of...)
	}
	return points, nil
}

// pair measures all sizes with a pair of threads and instances.
func (g Grid) pair(ctx context.Context, s Setting, f Factory) (points []Point, err error) {
	c, err := startCrew(ctx, g, s, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	all := make([]laps, len(c.sizes))
	for i := range all {
		all[i] = make(laps, s.Instances)
	}
	for range rounds {
		for i, n := range c.sizes {
			if err := c.measure(ctx, n, g.Each/rounds, all[i]); err != nil {
				return nil, err
			}
		}
	}
	for i, n := range c.sizes {
		s.Size = n
		points = append(points, all[i].point(s))
	}
	return points, nil
}
