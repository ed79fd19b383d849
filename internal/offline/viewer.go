package offline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors"
)

// Look is what was found in one frame.
type Look struct {
	// File is the picture's or film's path; At is the frame's place in the film.
	File string
	At   time.Duration
	// Width and Height are the frame's, in pixels.
	Width, Height int
	Detections    []frame.Detection
	// Took is how long the processor had it.
	Took time.Duration
}

// Viewer looks at files one after another. Its methods belong to one goroutine.
type Viewer struct {
	// Processor is started, and stopped by its owner. It gets one frame at a
	// time, several times over if it takes larger batches only.
	Processor processors.Processor
	// FPS is how many frames of a second of a film are looked at; 0: all.
	FPS float64
	// Every, other than 0, is to look at each so many-th frame instead.
	Every int
	// Each is called with every frame's result, in order. Its error ends the file.
	Each func(Look) error
}

// View looks at the picture or film in and writes an annotated copy to out; "":
// none. When ctx ends, a film's copy is finished, and the error is ctx's.
func (v *Viewer) View(ctx context.Context, in, out string) error {
	kind, err := KindOf(in)
	if err != nil {
		return err
	}
	if out != "" && sameFile(in, out) {
		return fmt.Errorf("%s: the annotated copy would replace the file itself; give another place with --out", in)
	}
	if kind == Picture {
		return v.picture(ctx, in, out)
	}
	return v.film(ctx, in, out)
}

func (v *Viewer) picture(ctx context.Context, in, out string) error {
	f, err := readPicture(in)
	if err != nil {
		return err
	}
	defer f.Release()
	found, err := v.look(ctx, in, f)
	if err != nil || out == "" {
		return err
	}
	s := newSheet()
	if err := s.draw(f, f.Width, f.Height, found); err != nil {
		return err
	}
	return s.save(out)
}

func (v *Viewer) film(ctx context.Context, in, out string) error {
	var copied *recorder
	err := play(ctx, in, picker{fps: v.FPS, every: v.Every}, func(f *frame.Frame) error {
		found, err := v.look(ctx, in, f)
		if err != nil || out == "" {
			return err
		}
		if copied == nil {
			if copied, err = newRecorder(out, f, v.rate()); err != nil {
				return err
			}
		}
		return copied.add(f, found)
	})
	if copied != nil {
		err = errors.Join(err, copied.close())
	}
	return err
}

// usualRate is a film's where nothing says it.
const usualRate = 25

// rate is the nominal one of a film's annotated copy.
func (v *Viewer) rate() float64 {
	switch {
	case v.Every > 0:
		return usualRate / float64(v.Every)
	case v.FPS > 0:
		return v.FPS
	}
	return usualRate
}

// look lets the processor see one frame.
func (v *Viewer) look(ctx context.Context, file string, f *frame.Frame) ([]frame.Detection, error) {
	batch := make([]frame.Entry, 1)
	if sizes := v.Processor.Traits().BatchSizes; len(sizes) > 0 {
		batch = make([]frame.Entry, sizes[0])
	}
	for i := range batch {
		batch[i].Frame = f
	}
	began := time.Now()
	err := v.Processor.Process(ctx, batch)
	for i := range batch {
		finish(&batch[i], err == nil)
	}
	if err = errors.Join(err, batch[0].Err); err != nil {
		return nil, err
	}
	look := Look{File: file, At: f.PTS, Width: f.Width, Height: f.Height, Detections: batch[0].Output.Detections, Took: time.Since(began)}
	return look.Detections, v.Each(look)
}

// finish does what the processor has left to be done after the batch.
func finish(e *frame.Entry, wanted bool) {
	switch {
	case e.Finish == nil:
	case wanted && e.Err == nil:
		e.Finish.Finish(e)
	default:
		e.Finish.Release()
	}
}
