package model

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// crew is the instances of one pair of threads and instances, each on a
// goroutine locked to its thread until stop.
type crew struct {
	sizes   []int
	jobs    []chan job
	answers chan error // one for each job
	done    sync.WaitGroup
}

type job func(*instance) error

type instance struct {
	Processor
	number  int
	started bool
}

func startCrew(ctx context.Context, g Grid, s Setting, f Factory) (*crew, error) {
	c := &crew{answers: make(chan error, s.Instances)}
	for i := range s.Instances {
		p, err := f(s.Threads, slices.Max(g.Sizes))
		if err != nil {
			return nil, errors.Join(err, c.stop())
		}
		c.sizes = g.sizes(p.Traits())
		c.add(&instance{Processor: p, number: i})
	}
	err := c.all(func(i *instance) error {
		err := i.Start(ctx)
		i.started = err == nil
		return err
	})
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

func (c *crew) add(i *instance) {
	jobs := make(chan job)
	c.jobs = append(c.jobs, jobs)
	c.done.Go(func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for do := range jobs {
			c.answers <- do(i)
		}
	})
}

// all has every instance do a job and waits for all of them.
func (c *crew) all(do job) error {
	for _, jobs := range c.jobs {
		jobs <- do
	}
	var errs []error
	for range c.jobs {
		errs = append(errs, <-c.answers)
	}
	return errors.Join(errs...)
}

func (c *crew) stop() error {
	err := c.all(func(i *instance) error {
		if !i.started {
			return nil
		}
		return i.Stop()
	})
	for _, jobs := range c.jobs {
		close(jobs)
	}
	c.done.Wait()
	return err
}

// laps are the times of the calls of one size, of each instance.
type laps [][]time.Duration

// measure adds calls of a size, all instances at work, until d is over.
func (c *crew) measure(ctx context.Context, size int, d time.Duration, l laps) error {
	return c.all(func(i *instance) error {
		took, err := call(ctx, i, size, d)
		l[i.number] = append(l[i.number], took...)
		return err
	})
}

// point is what the laps come to. Medians count: what disturbs the machine now
// and then is not the setting's.
func (l laps) point(s Setting) Point {
	p := Point{Setting: s, Call: median(slices.Concat(l...))}
	for _, own := range l {
		p.FPS += float64(s.Size) / median(own).Seconds()
	}
	return p
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// call calls the processor for batches of n until d is over, at least once.
func call(ctx context.Context, p Processor, n int, d time.Duration) (took []time.Duration, err error) {
	batch := make([]frame.Entry, n)
	for i := range batch {
		batch[i].Frame = Picture(i)
	}
	for began := time.Now(); len(took) == 0 || time.Since(began) < d; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		before := time.Now()
		if err := p.Process(ctx, batch); err != nil {
			return nil, err
		}
		took = append(took, max(time.Since(before), 1))
		for i := range batch {
			if err := batch[i].Err; err != nil {
				return nil, err
			}
			batch[i].Output = frame.Output{}
		}
	}
	return took, nil
}
