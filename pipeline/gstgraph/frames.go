package gstgraph

// #include "shim.h"
import "C"

import (
	"sync"
	"time"
	"unsafe"

	"github.com/nvpipe/nvpipe/frame"
)

// maxIdleFrames bounds the frames kept for use again; decoders have fewer buffers.
const maxIdleFrames = 32

// framePool makes frames of mapped samples and takes them back at their last
// Release, on whatever goroutine that happens.
type framePool struct {
	mu   sync.Mutex
	idle []*frame.Frame
	free func(*frame.Frame)
}

func newFramePool() *framePool {
	p := &framePool{idle: make([]*frame.Frame, 0, maxIdleFrames)}
	p.free = p.release
	return p
}

func (p *framePool) get() *frame.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		f := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return f
	}
	return &frame.Frame{}
}

func (p *framePool) release(f *frame.Frame) {
	picture := (*C.nv_picture)(f.Token)
	f.Token = nil
	f.Feed, f.Seq = "", 0
	C.nv_sample_release(picture)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < maxIdleFrames {
		p.idle = append(p.idle, f)
	}
}

// take wraps a mapped sample; the frame owns it from here on.
func (p *framePool) take(picture *C.nv_picture, arrived time.Time) *frame.Frame {
	f := p.get()
	f.PTS = time.Duration(picture.running_time)
	f.Duration = time.Duration(picture.duration)
	f.Arrived = arrived
	f.Captured, f.CapturedFrom = captureTime(int64(picture.ntp), arrived)
	f.Format, f.Matrix = formatOf(picture), matrixOf(picture)
	f.Width, f.Height = int(picture.width), int(picture.height)
	f.Planes = planesOf(picture)
	f.FullRange = picture.full_range != 0
	f.Suspect = picture.suspect != 0
	f.Token = unsafe.Pointer(picture)
	f.Init(p.free)
	return f
}

// maxClockOffset is how far a camera's clock may be from ours to be believed.
const maxClockOffset = 2 * time.Second

func captureTime(ntp int64, arrived time.Time) (time.Time, frame.CaptureSource) {
	if ntp > 0 {
		captured := time.Unix(0, ntp)
		if d := arrived.Sub(captured); d > -maxClockOffset && d < maxClockOffset {
			return captured, frame.FromSenderReport
		}
	}
	return arrived, frame.FromArrival
}

func formatOf(p *C.nv_picture) frame.Format {
	if p.format == C.NV_NV12 {
		return frame.NV12
	}
	return frame.I420
}

func matrixOf(p *C.nv_picture) frame.Matrix {
	if p.bt709 != 0 {
		return frame.BT709
	}
	return frame.BT601
}

func planesOf(p *C.nv_picture) (planes [3]frame.Plane) {
	for i := range planes {
		if p.plane[i] != nil {
			data := unsafe.Slice((*byte)(unsafe.Pointer(p.plane[i])), int(p.size[i]))
			planes[i] = frame.Plane{Data: data, Stride: int(p.stride[i])}
		}
	}
	return planes
}
