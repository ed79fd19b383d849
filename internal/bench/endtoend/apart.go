package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// costs are the parts of the work, each measured with nothing beside it: CPU
// time for a frame.
type costs struct{ decode, letterbox, infer time.Duration }

// of is what decoding and inferring so many frames costs by that.
func (c costs) of(decoded, inferred int) time.Duration {
	return time.Duration(decoded)*c.decode + time.Duration(inferred)*(c.letterbox+c.infer)
}

// apart measures the parts one after the other: the films decoded and thrown
// away, frames of them letterboxed, and inferred in batches of so many.
func apart(ctx context.Context, j job, batch int) (c costs, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slots, closeAll, err := play(j)
	defer closeAll()
	if err != nil {
		return c, err
	}
	time.Sleep(j.warm)
	m, before := newMeter(), decoded(slots)
	time.Sleep(j.length / 2)
	c.decode = m.stop(decoded(slots) - before).each()
	frames := stills(slots, batch)
	closeAll()
	if len(frames) == 0 {
		return c, errors.New("the films have no frames")
	}
	if c.letterbox, err = letterboxing(j, frames); err != nil {
		return c, err
	}
	whole, err := inferring(ctx, j, frames)
	c.infer = whole - c.letterbox // a call does both
	return c, err
}

func decoded(slots []*newest) (n int) {
	for _, s := range slots {
		n += int(s.count.Load())
	}
	return n
}

// stills copies the newest frames, n of them in all.
func stills(slots []*newest, n int) (frames []*frame.Frame) {
	for _, s := range slots {
		f := s.frame.Swap(nil)
		if f == nil {
			continue
		}
		c := &frame.Frame{Feed: f.Feed, Seq: f.Seq, Format: f.Format, Width: f.Width, Height: f.Height, Matrix: f.Matrix, FullRange: f.FullRange}
		for i, p := range f.Planes {
			c.Planes[i] = frame.Plane{Data: bytes.Clone(p.Data), Stride: p.Stride}
		}
		c.Init(nil)
		f.Release()
		frames = append(frames, c)
	}
	for i := 0; len(frames) > 0 && len(frames) < n; i++ {
		frames = append(frames, frames[i])
	}
	return frames[:min(n, len(frames))]
}

func letterboxing(j job, frames []*frame.Frame) (time.Duration, error) {
	c, err := j.converter()
	if err != nil {
		return 0, err
	}
	dst, scratch := make([]byte, c.Target().Size()), new(letterbox.Scratch)
	m, n := newMeter(), 0
	for began := time.Now(); time.Since(began) < j.length/4; n++ {
		f := frames[n%len(frames)]
		fit, err := c.Fit(f, frame.Box{})
		if err != nil {
			return 0, err
		}
		c.Picture(dst, f, fit, scratch)
	}
	return m.stop(n).each(), nil
}

// inferring calls the processor as a coordinator does, with everything in the
// call.
func inferring(ctx context.Context, j job, frames []*frame.Frame) (time.Duration, error) {
	p, err := j.processor()
	if err != nil {
		return 0, err
	}
	if err := p.Start(ctx); err != nil {
		return 0, err
	}
	defer p.Stop()
	m, n := newMeter(), 0
	for began := time.Now(); time.Since(began) < j.length/2; n += len(frames) {
		batch := make([]frame.Entry, len(frames))
		for i, f := range frames {
			batch[i].Frame = f
		}
		if err := p.Process(ctx, batch); err != nil {
			return 0, err
		}
		for _, e := range batch {
			if e.Err != nil {
				return 0, e.Err
			}
		}
	}
	return m.stop(n).each(), nil
}

func (j job) processor() (*onnx.Processor, error) {
	cfg := onnx.DefaultConfig()
	cfg.Model, cfg.Library, cfg.Threads = j.model, j.library, j.threads
	return onnx.New(cfg, onnx.Options{MaxBatch: maxBatch(j)})
}

func (j job) converter() (*letterbox.Converter, error) {
	p, err := j.processor()
	if err != nil {
		return nil, fmt.Errorf("letterbox: %w", err)
	}
	return letterbox.NewConverter(p.Target()), nil
}
