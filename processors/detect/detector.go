package detect

import (
	"context"
	"fmt"
	"runtime"

	"github.com/nvpipe/nvpipe/frame"
)

// maxSlots bounds a batch in memory: a picture of 640×640 takes 5 MB.
const maxSlots = 64

// Options is how a Detector works.
type Options struct {
	// Threads is the most goroutines that convert pictures within Process.
	Threads int
	// Overlap: what comes out is read by Entry.Finish, which whoever calls
	// Process then owes every entry that has one; beside the next batch, if
	// the caller likes. Without it everything is done when Process returns.
	Overlap bool
}

// Detector finds things in batches of pictures. It belongs to one goroutine.
type Detector struct {
	intake  *Intake
	runner  Runner
	overlap bool
	crew    *crew
	jobs    []job // of the batch being processed, kept to be used again
}

// NewDetector returns a detector that runs pictures of an intake, prepared or
// not. Close ends its goroutines.
func NewDetector(in *Intake, r Runner, o Options) *Detector {
	helpers := min(o.Threads, runtime.GOMAXPROCS(0), in.cupboard.slots) - 1
	return &Detector{intake: in, runner: r, overlap: o.Overlap, crew: newCrew(in, helpers)}
}

// Close ends the detector's goroutines. What it has left to be finished, or was
// prepared, stays good.
func (d *Detector) Close() { d.crew.stop() }

// Chunk is the most pictures that are run at once when batches have up to
// maxBatch.
func (p *Plan) Chunk(maxBatch int) int {
	if p.OpenBatch() {
		return min(max(maxBatch, 1), maxSlots)
	}
	return p.Batch
}

// Warm runs a batch of n pictures, whatever is in the tray, and checks what
// comes out: the first run of a size is the slow one.
func (d *Detector) Warm(ctx context.Context, n int) error {
	t, err := d.intake.cupboard.ownTray(ctx)
	if err != nil {
		return err
	}
	defer d.intake.cupboard.putBack(t)
	outputs, err := d.runner.Run(ctx, t, n)
	if err != nil {
		return fmt.Errorf("a batch of %d: %w", n, err)
	}
	return d.intake.plan.Check(outputs, n)
}

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; an error of the runtime fails the batch, which may be
// processed again.
//
// A batch that was prepared side by side is run where it lies; of any other the
// pictures are copied, or converted, into a tray of the detector's own. A batch
// larger than a tray is run in parts, and then without overlap.
func (d *Detector) Process(ctx context.Context, batch []frame.Entry) error {
	slots := d.intake.cupboard.slots
	overlap := d.overlap && len(batch) <= slots
	for len(batch) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(slots, len(batch))
		if err := d.detect(ctx, batch[:n], overlap); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// detect runs at most as many pictures as a tray has slots.
func (d *Detector) detect(ctx context.Context, batch []frame.Entry, overlap bool) error {
	d.receive(batch)
	defer clear(d.jobs) // the batch is the caller's
	if len(d.jobs) == 0 {
		return nil
	}
	plan, size := d.intake.plan, d.intake.plan.Batch
	if plan.OpenBatch() {
		size = len(d.jobs)
	}
	tray, err := d.place(ctx, size)
	if err != nil {
		return err
	}
	d.intake.count(d.jobs)
	d.crew.run(d.jobs)
	finish := (*slot).Release
	defer func() {
		for i := range d.jobs {
			finish(d.jobs[i].slot)
		}
	}()
	if tray.outputs, err = d.runner.Run(ctx, tray, size); err != nil {
		return err
	}
	if err := plan.Check(tray.outputs, size); err != nil {
		return err
	}
	d.finish(overlap)
	finish = func(*slot) {} // done, or the entries' own
	return nil
}

// finish has the outputs read, or leaves that to the entries' Finish.
func (d *Detector) finish(overlap bool) {
	for i := range d.jobs {
		j := &d.jobs[i]
		switch {
		case j.entry.Err != nil:
			j.slot.Release()
		case overlap:
			j.entry.Finish = j.slot
		default:
			j.slot.Finish(j.entry)
		}
	}
}

// receive collects what is to be run: the pictures that are readable and meant.
func (d *Detector) receive(batch []frame.Entry) {
	d.jobs = d.jobs[:0]
	for i := range batch {
		e := &batch[i]
		if e.Padding {
			continue
		}
		if s, ok := e.Prepared.(*slot); ok && d.intake.cupboard.like(s.tray) {
			d.jobs = append(d.jobs, job{entry: e, from: s})
			continue
		}
		fit, err := d.intake.converter.Fit(e.Frame, e.Region)
		if err != nil {
			e.Err = err
			continue
		}
		d.jobs = append(d.jobs, job{entry: e, fit: fit})
	}
}
