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

func (c *crew) measure(ctx context.Context, s Setting, d time.Duration) (Point, error) {
	calls := make([][]time.Duration, s.Instances)
	err := c.all(func(i *instance) (err error) {
		calls[i.number], err = call(ctx, i, s.Size, d)
		return err
	})
	if err != nil {
		return Point{}, err
	}
	p := Point{Setting: s}
	for _, own := range calls {
		total := time.Duration(0)
		for _, took := range own {
			total += took
		}
		p.FPS += float64(s.Size*len(own)) / total.Seconds()
	}
	together := slices.Sorted(slices.Values(slices.Concat(calls...)))
	p.Call = together[len(together)/2]
	return p, nil
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
