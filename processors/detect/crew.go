package detect

import (
	"fmt"
	"sync"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// job is one picture on its way into its slot.
type job struct {
	entry     *frame.Entry
	converter *letterbox.Converter
	dst       []byte
	// pad: the slot's padding is not that of this picture yet.
	pad bool
}

// do converts. A panic must not leave the goroutine, where nobody could
// contain it: it fails the entry.
func (j *job) do(s *letterbox.Scratch) {
	defer func() {
		if r := recover(); r != nil {
			j.entry.Err = fmt.Errorf("reading the picture: %v", r)
		}
	}()
	dst := tensor.View[float32](j.dst)
	if j.pad {
		j.converter.Pad(dst)
	}
	j.converter.Picture(j.entry.Frame, dst, s)
}

// crew converts the pictures of a batch side by side: some helpers, and the
// caller.
type crew struct {
	own     letterbox.Scratch
	jobs    chan *job
	pending sync.WaitGroup // jobs handed to helpers
	helpers sync.WaitGroup
}

// newCrew starts the helpers, possibly none; stop ends them.
func newCrew(helpers int) *crew {
	// Unbuffered: a job goes to a helper only if one is waiting for it.
	c := &crew{jobs: make(chan *job)}
	for range helpers {
		c.helpers.Go(func() {
			var s letterbox.Scratch
			for j := range c.jobs {
				j.do(&s)
				c.pending.Done()
			}
		})
	}
	return c
}

// run does all jobs and returns when they are done.
func (c *crew) run(jobs []job) {
	for i := range jobs {
		c.pending.Add(1)
		select {
		case c.jobs <- &jobs[i]:
		default:
			jobs[i].do(&c.own)
			c.pending.Done()
		}
	}
	c.pending.Wait()
}

func (c *crew) stop() {
	close(c.jobs)
	c.helpers.Wait()
}
