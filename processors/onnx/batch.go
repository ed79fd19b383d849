package onnx

import (
	"context"
	"errors"
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/onnx/letterbox"
	"github.com/nvpipe/nvpipe/processors/onnx/nms"
)

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; an error of the runtime fails the batch.
func (p *Processor) Process(ctx context.Context, batch []frame.Entry) error {
	if p.net == nil {
		return errors.New("onnx: not started")
	}
	for size := p.chunk(); len(batch) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(size, len(batch))
		if err := p.detect(batch[:n]); err != nil {
			return fmt.Errorf("onnx: %w", err)
		}
		batch = batch[n:]
	}
	return nil
}

// detect runs at most chunk pictures at once.
func (p *Processor) detect(batch []frame.Entry) error {
	p.fill(batch)
	defer clear(p.jobs) // the batch is the caller's
	if len(p.jobs) == 0 {
		return nil
	}
	size := p.spec.batch // slots beyond the last picture keep what they had
	if p.spec.openBatch() {
		size = len(p.jobs)
	}
	if err := p.net.run(size); err != nil {
		return err
	}
	for i := range p.jobs {
		if e := p.jobs[i].entry; e.Err == nil {
			e.Output.Detections = p.detections(p.net.output(i), p.jobs[i].converter.Fit)
		}
	}
	return nil
}

// fill puts the readable pictures into the first slots.
func (p *Processor) fill(batch []frame.Entry) {
	p.jobs = p.jobs[:0]
	for i := range batch {
		source, err := letterbox.SourceOf(batch[i].Frame)
		if err != nil {
			batch[i].Err = fmt.Errorf("onnx: %w", err)
			continue
		}
		slot := len(p.jobs)
		c := p.converter(source)
		p.jobs = append(p.jobs, job{&batch[i], c, p.net.input(slot), p.repad(slot, c.Fit)})
	}
	p.crew.run(p.jobs)
}

// repad reports whether a slot's padding must be written for a picture that
// lies at fit, and notes that it will be.
func (p *Processor) repad(slot int, fit letterbox.Fit) bool {
	for len(p.padded) <= slot {
		p.padded = append(p.padded, letterbox.Fit{})
	}
	same := p.padded[slot].X == fit.X && p.padded[slot].Y == fit.Y &&
		p.padded[slot].Width == fit.Width && p.padded[slot].Height == fit.Height
	p.padded[slot] = fit
	return !same
}

// maxConverters bounds the tables kept, one set per kind of picture.
const maxConverters = 64

func (p *Processor) converter(s letterbox.Source) *letterbox.Converter {
	c := p.converters[s]
	if c == nil {
		if len(p.converters) >= maxConverters {
			clear(p.converters)
		}
		c = letterbox.NewConverter(s, p.target)
		p.converters[s] = c
	}
	return c
}

// detections turns one picture's rows into what was found in it.
func (p *Processor) detections(rows []float32, fit letterbox.Fit) []frame.Detection {
	p.candidates = p.spec.head.Decode(rows, p.thresholds.class, p.thresholds.floor, p.candidates[:0])
	kept := nms.Suppress(p.candidates, float32(p.cfg.NMSIoU), p.cfg.MaxDetections)
	if len(kept) == 0 {
		return nil
	}
	found := make([]frame.Detection, 0, len(kept))
	least := float32(p.cfg.MinSize)
	for _, c := range kept {
		box, ok := fit.Box(c.X1, c.Y1, c.X2, c.Y2)
		if !ok || box.XMax-box.XMin < least || box.YMax-box.YMin < least {
			continue
		}
		found = append(found, frame.Detection{
			Class: int(c.Class), Label: p.labels[c.Class], Confidence: c.Score, Box: box,
		})
	}
	return found
}
