package detect

import (
	"fmt"
	"sync"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
)

// job is one picture on its way into its slot of the tray that is run.
type job struct {
	entry *frame.Entry
	// from is the slot that it was prepared in; nil: it was not.
	from *slot
	fit  letterbox.Fit
	slot *slot
}

// do fills the slot, unless the picture is in it already. A panic must not
// leave the goroutine, where nobody could contain it: it fails the entry.
func (j *job) do(in *Intake, s *letterbox.Scratch) {
	defer func() {
		if r := recover(); r != nil {
			j.entry.Err = fmt.Errorf("reading the picture: %v", r)
		}
	}()
	switch {
	case j.from == nil:
		in.convert(j.entry.Frame, j.fit, j.slot, s)
	case j.from != j.slot:
		copy(j.slot.data(), j.from.data())
		j.slot.fit, j.slot.padded = j.from.fit, j.from.padded
	}
}

// crew fills the slots of a batch side by side: some helpers, and the caller.
type crew struct {
	intake  *Intake
	own     letterbox.Scratch
	jobs    chan *job
	pending sync.WaitGroup // jobs handed to helpers
	helpers sync.WaitGroup
}

// newCrew starts the helpers, possibly none; stop ends them.
func newCrew(in *Intake, helpers int) *crew {
	// Unbuffered: a job goes to a helper only if one is waiting for it.
	c := &crew{intake: in, jobs: make(chan *job)}
	for range helpers {
		c.helpers.Go(func() {
			var s letterbox.Scratch
			for j := range c.jobs {
				j.do(in, &s)
				c.pending.Done()
			}
		})
	}
	return c
}

// run does all jobs and returns when they are done.
func (c *crew) run(jobs []job) {
	for i := range jobs {
		j := &jobs[i]
		if j.from == j.slot {
			continue
		}
		c.pending.Add(1)
		select {
		case c.jobs <- j:
		default:
			j.do(c.intake, &c.own)
			c.pending.Done()
		}
	}
	c.pending.Wait()
}

func (c *crew) stop() {
	close(c.jobs)
	c.helpers.Wait()
}
