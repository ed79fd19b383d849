package gstgraph

import (
	"errors"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// changing is a camera whose picture changes its size every ten pictures.
func changing(t *testing.T) rtspcam.Source {
	var units []frame.Packet
	for _, size := range []struct{ w, h int }{{320, 240}, {160, 120}, {640, 480}} {
		units = append(units, encode(t, EncoderSettings{Width: size.w, Height: size.h, FPS: 25}, 10)...)
	}
	return looped(rtspcam.H264, units)
}

// A camera that changes its picture's size in mid-session is followed, through
// the decoder and through the encoder.
func TestResolutionChangeGoesOn(t *testing.T) {
	t.Parallel()
	cam := camera(t, changing(t), rtspcam.Options{})
	r := newRecorder()
	sizes := make(chan int, 1000)
	var g *graph
	ready := make(chan struct{})
	r.onFrame = func(f *frame.Frame) {
		<-ready
		if f.Planes[0].Stride < f.Width || len(f.Planes[0].Data) < f.Planes[0].Stride*(f.Height-1)+f.Width {
			t.Errorf("%d×%d with a stride of %d and %d bytes", f.Width, f.Height, f.Planes[0].Stride, len(f.Planes[0].Data))
		}
		sizes <- f.Width
		if err := g.Push(f, findings()); err != nil && !errors.Is(err, pipeline.ErrFull) {
			t.Error(err)
		}
		f.Release()
	}
	g = start(t, rtsp(cam.URL()), pipeline.GraphSettings{Annotate: true, Draw: brighten}, r)
	close(ready)
	seen := map[int]bool{}
	r.until(t, "packets of all sizes", func() bool {
		for _, p := range r.list() {
			seen[p.Width] = true
		}
		return len(seen) >= 3
	})
	balanced(t, g, r)
	for _, k := range []pipeline.EventKind{pipeline.EventError, pipeline.EventContinuation} {
		if e, ok := r.find(k); ok {
			t.Errorf("%+v", e)
		}
	}
}
