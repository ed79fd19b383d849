package batchsink

import (
	"slices"
	"testing"
	"time"
)

func TestProcessorsAreThoseThatServe(t *testing.T) {
	virtual(t, func(t *testing.T) {
		made := map[int]*fake{}
		r := newRigOf(t, seed(func(c *Config) { c.Instances, c.MaxBatchSize = 2, 1 }), func(n int) *fake {
			made[n] = &fake{process: takes(time.Second)} // so that the other instance gets the second frame
			if n == 1 {
				made[n].process = takes(time.Minute)
			}
			return made[n]
		})
		serve := func(when string, numbers ...int) {
			t.Helper()
			got := r.Processors()
			equal(t, when, len(got), len(numbers))
			r.mu.Lock() // the factory's
			defer r.mu.Unlock()
			for _, n := range numbers {
				if !slices.Contains(got, Processor(made[n])) {
					t.Errorf("%s: processor %d is not among them", when, n)
				}
			}
		}
		serve("after the start", 1, 2)
		r.attach(2, FeedOptions{})
		r.mustSubmit("a", "b")
		time.Sleep(2 * time.Second)
		serve("while one hangs", 1, 2)
		time.Sleep(10 * time.Second)
		serve("when it is replaced", 2, 3)
		time.Sleep(2 * time.Minute)
		r.end()
		serve("after the end")
	})
}
