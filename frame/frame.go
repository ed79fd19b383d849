package frame

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"
)

// FeedID names one camera feed. It matches [a-z0-9][a-z0-9_-]{0,62}.
type FeedID string

// Format is the layout of a picture's samples in memory.
type Format uint8

// The layouts that cross the bridge; the graph converts anything else.
const (
	FormatUnknown Format = iota
	// I420 has three planes: Y, and U and V at half width and half height.
	I420
	// NV12 has two planes: Y, and U and V interleaved at half height.
	NV12
)

// String is the format's usual name, "I420" or "NV12".
func (f Format) String() string {
	switch f {
	case I420:
		return "I420"
	case NV12:
		return "NV12"
	}
	return "unknown"
}

// Plane is one plane of a picture. Stride is the distance in bytes from one
// row to the next and is often larger than the width.
type Plane struct {
	Data   []byte
	Stride int
}

// Matrix says how the picture's YUV samples relate to RGB.
type Matrix uint8

// The two matrices cameras use. BT601 is also what is assumed when a stream
// does not say.
const (
	BT601 Matrix = iota
	BT709
)

// CaptureSource says where a capture time comes from.
type CaptureSource uint8

const (
	// FromArrival: the host's clock when the picture arrived decoded.
	FromArrival CaptureSource = iota
	// FromSenderReport: the camera's own clock, by RTCP sender reports.
	FromSenderReport
)

// String is the source's name in events: "arrival" or "rtcp_sr".
func (s CaptureSource) String() string {
	if s == FromSenderReport {
		return "rtcp_sr"
	}
	return "arrival"
}

// Frame is one decoded picture of one feed.
//
// All fields but the reference count are written before the frame is first
// handed over and only read afterwards. Planes are valid until the last
// Release.
type Frame struct {
	Feed FeedID
	// Seq counts the frames that left the feed's decoder, from 1, across reconnects.
	Seq uint64
	// PTS is on the feed's stream clock, strictly increasing across reconnects.
	PTS time.Duration
	// Discontinuity counts the breaks in the feed's stream before this frame:
	// reconnects, and steps of the camera's own time. A frame with another number
	// than the one before it is the first after a break, whose length is known by
	// the host's clock only.
	Discontinuity uint64
	// Duration is how long the picture is to be shown; 0 if the stream does not say.
	Duration time.Duration
	// Arrived is when the decoded picture reached us; it carries Go's monotonic clock.
	Arrived time.Time
	// Captured is the wall time at which the picture was taken, as far as known.
	Captured     time.Time
	CapturedFrom CaptureSource

	Format        Format
	Width, Height int
	Planes        [3]Plane
	Matrix        Matrix
	// FullRange: luma uses 0–255 instead of 16–235 (JPEG cameras).
	FullRange bool
	// Suspect: data was lost since the last keyframe, the picture may be broken.
	Suspect bool

	// Token belongs to the graph that made the frame: it finds the native
	// buffer again when the frame is pushed on. Nobody else touches it.
	Token unsafe.Pointer

	refs atomic.Int32
	free func(*Frame)
}

// Init gives a frame its first reference, the caller's. free runs once, on the
// goroutine of the last Release, and may reuse the Frame; nil for frames whose
// memory Go owns.
func (f *Frame) Init(free func(*Frame)) {
	f.free = free
	f.refs.Store(1)
}

// Retain takes one more reference and returns f. The caller must hold one.
func (f *Frame) Retain() *Frame {
	if f.refs.Add(1) < 2 {
		panic(fmt.Sprintf("frame: Retain of released frame %s/%d", f.Feed, f.Seq))
	}
	return f
}

// Release gives one reference back; the last one returns the picture's memory.
// Any goroutine may call it.
func (f *Frame) Release() {
	switch n := f.refs.Add(-1); {
	case n > 0:
	case n == 0:
		// A reader that kept the frame too long meets a nil slice, which is a
		// panic with a stack, instead of memory that is somebody else's now.
		f.Planes = [3]Plane{}
		if f.free != nil {
			f.free(f)
		}
	default:
		panic(fmt.Sprintf("frame: Release of released frame %s/%d", f.Feed, f.Seq))
	}
}

// Refs is the number of references held, for tests and diagnosis.
func (f *Frame) Refs() int { return int(f.refs.Load()) }
