// Command preprocess measures how long it takes to make a detector's input out
// of a 1080p picture, in one thread: by package letterbox, by GStreamer's
// scaler and converter, and how long it takes only to read the rows that are
// needed. All run in turns in one call.
//
//	preprocess [-rounds 5] [-frames 100]
//
// GStreamer makes RGB bytes without padding, which is less than the float
// planes that a model takes; its time is that within its elements, as its
// latency tracer reports it. Every picture was written just before, as a
// decoder does.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

const (
	width, height = 1920, 1080
	side          = 416 // of the input
	// pictures in turn, like a decoder's buffers.
	pictures = 4
)

// way is one way to do it; run returns the time that each of so many frames took.
type way struct {
	name string
	run  func(frames int) ([]time.Duration, error)
}

func main() {
	rounds := flag.Int("rounds", 5, "runs of each kind, in turns")
	frames := flag.Int("frames", 100, "frames of each run")
	flag.Parse()
	if *rounds < 1 || *frames < 1 {
		fmt.Fprintln(os.Stderr, "preprocess: -rounds and -frames must be at least 1")
		os.Exit(2)
	}
	if err := run(*rounds, *frames); err != nil {
		fmt.Fprintln(os.Stderr, "preprocess:", err)
		os.Exit(1)
	}
}

func run(rounds, frames int) error {
	fmt.Printf("%d×%d → %d×%d, µs per frame%14s  median\n", width, height, side, side, "best")
	for _, format := range []frame.Format{frame.NV12, frame.I420} {
		ways, err := waysFor(format)
		if err != nil {
			return err
		}
		times := make([][]time.Duration, len(ways))
		for range rounds {
			for i, w := range ways {
				t, err := w.run(frames)
				if err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				times[i] = append(times[i], t...)
			}
		}
		for i, w := range ways {
			slices.Sort(times[i])
			fmt.Printf("%s %-38s %8.0f  %6.0f\n", format, w.name, micros(times[i][0]), micros(times[i][len(times[i])/2]))
		}
	}
	return nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func waysFor(format frame.Format) ([]way, error) {
	target := letterbox.Raw(side, side, letterbox.BGR, 114)
	c := letterbox.NewConverter(target)
	var all []*frame.Frame
	rng := rand.New(rand.NewPCG(1, 2))
	for range pictures {
		all = append(all, picture(rng, format))
	}
	fit, err := c.Fit(all[0], frame.Box{})
	if err != nil {
		return nil, err
	}
	dst, scratch := tensor.Make(target.Type, target.Len()), new(letterbox.Scratch)
	c.Pad(dst, fit) // as in a tray, whose padding is written once
	scaled := fit.Filled.Size()
	return []way{
		{"letterbox, float32 planes", inTurn(all, func(f *frame.Frame) { c.Picture(dst, f, fit, scratch) })},
		{"reading the rows that are needed", inTurn(all, func(f *frame.Frame) { read(f, scaled.Y) })},
		{"videoscale ! videoconvert, RGB bytes", graph{format, []string{
			"videoscale", "name=" + measured + "1", "!", size(scaled), "!", "videoconvert", "name=" + measured + "2", "!", "video/x-raw,format=BGR",
		}}.run},
		{"videoconvertscale, RGB bytes", graph{format, []string{
			"videoconvertscale", "name=" + measured, "!", size(scaled) + ",format=BGR",
		}}.run},
	}, nil
}

// inTurn times do on one picture after the other, each written anew before.
func inTurn(all []*frame.Frame, do func(*frame.Frame)) func(int) ([]time.Duration, error) {
	return func(frames int) ([]time.Duration, error) {
		do(all[0])
		times := make([]time.Duration, frames)
		for i := range times {
			f, other := all[i%len(all)], all[(i+1)%len(all)]
			for k, p := range f.Planes {
				copy(p.Data, other.Planes[k].Data)
			}
			began := time.Now()
			do(f)
			times[i] = time.Since(began)
		}
		return times, nil
	}
}

func picture(rng *rand.Rand, format frame.Format) *frame.Frame {
	f := &frame.Frame{Format: format, Width: width, Height: height, Matrix: frame.BT709}
	plane := func(stride, rows int) frame.Plane {
		data := make([]byte, stride*rows)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		return frame.Plane{Data: data, Stride: stride}
	}
	f.Planes[0] = plane(width, height)
	if format == frame.NV12 {
		f.Planes[1] = plane(width, height/2)
	} else {
		f.Planes[1], f.Planes[2] = plane(width/2, height/2), plane(width/2, height/2)
	}
	return f
}

// read takes the rows between which rows of the output lie, once each, to
// memory that stays near. Columns are so close that every cache line of a row
// is needed.
func read(f *frame.Frame, rows int) {
	var near [width]byte
	last := [3]int{-1, -1, -1}
	take := func(plane, row int) {
		if p := f.Planes[plane]; p.Data != nil && row > last[plane] && row < len(p.Data)/p.Stride {
			copy(near[:], p.Data[row*p.Stride:][:p.Stride])
			last[plane] = row
		}
	}
	for i := range rows {
		at := (float64(i)+0.5)*float64(f.Height)/float64(rows) - 0.5
		for plane := range f.Planes {
			first := int(at)
			if plane > 0 {
				first = int((at - 0.5) / 2)
			}
			take(plane, first)
			take(plane, first+1)
		}
	}
}
