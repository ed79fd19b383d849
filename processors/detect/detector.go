package detect

import (
	"context"
	"fmt"
	"runtime"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
)

// maxSlots bounds a batch in memory: a picture of 640×640 takes 5 MB.
const maxSlots = 64

// Detector finds things in batches of pictures. It belongs to one goroutine.
type Detector struct {
	plan   *Plan
	runner Runner
	crew   *crew
	tray   *Tray

	converters map[letterbox.Source]*letterbox.Converter
	// Of the batch being processed, kept to be used again.
	jobs []job
	read *Reader
}

// NewDetector returns a detector for batches of up to maxBatch pictures at once
// (larger ones are run in parts), with up to threads goroutines that convert
// pictures. Close ends them.
func NewDetector(p *Plan, r Runner, maxBatch, threads int) *Detector {
	slots := p.Chunk(maxBatch)
	return &Detector{
		plan: p, runner: r, tray: p.NewTray(slots),
		crew:       newCrew(min(threads, runtime.GOMAXPROCS(0), slots) - 1),
		converters: map[letterbox.Source]*letterbox.Converter{},
		read:       p.NewReader(),
	}
}

// Close ends the detector's goroutines.
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
	outputs, err := d.runner.Run(ctx, d.tray, n)
	if err != nil {
		return fmt.Errorf("a batch of %d: %w", n, err)
	}
	return d.plan.Check(outputs, n)
}

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; an error of the runtime fails the batch.
func (d *Detector) Process(ctx context.Context, batch []frame.Entry) error {
	for len(batch) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(d.tray.Slots, len(batch))
		if err := d.detect(ctx, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// detect runs at most as many pictures as the tray has slots.
func (d *Detector) detect(ctx context.Context, batch []frame.Entry) error {
	d.fill(batch)
	defer clear(d.jobs) // the batch is the caller's
	if len(d.jobs) == 0 {
		return nil
	}
	size := d.plan.Batch // slots beyond the last picture keep what they had
	if d.plan.OpenBatch() {
		size = len(d.jobs)
	}
	outputs, err := d.runner.Run(ctx, d.tray, size)
	if err != nil {
		return err
	}
	if err := d.plan.Check(outputs, size); err != nil {
		return err
	}
	for i := range d.jobs {
		if e := d.jobs[i].entry; e.Err == nil {
			e.Output.Detections = d.read.Picture(outputs, i, d.jobs[i].converter.Fit, e.Region)
		}
	}
	return nil
}

// fill puts the readable pictures into the first slots.
func (d *Detector) fill(batch []frame.Entry) {
	d.jobs = d.jobs[:0]
	for i := range batch {
		source, err := letterbox.SourceOf(batch[i].Frame)
		if err != nil {
			batch[i].Err = err
			continue
		}
		slot := len(d.jobs)
		c := d.converter(source)
		d.jobs = append(d.jobs, job{&batch[i], c, d.tray.slot(slot), d.tray.repad(slot, c.Fit)})
	}
	d.crew.run(d.jobs)
}

// padding is what a slot's padding was written for.
type padding struct{ x, y, width, height int }

// repad reports whether a slot's padding must be written for a picture that
// lies at fit, and notes that it will be.
func (t *Tray) repad(slot int, fit letterbox.Fit) bool {
	now := padding{fit.X, fit.Y, fit.Width, fit.Height}
	same := t.padded[slot] == now
	t.padded[slot] = now
	return !same
}

// maxConverters bounds the tables kept, one set per kind of picture.
const maxConverters = 64

func (d *Detector) converter(s letterbox.Source) *letterbox.Converter {
	c := d.converters[s]
	if c == nil {
		if len(d.converters) >= maxConverters {
			clear(d.converters)
		}
		c = letterbox.NewConverter(s, d.plan.Target)
		d.converters[s] = c
	}
	return c
}
