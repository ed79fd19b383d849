// Package gsttest holds instruments for tests that have to look at the native
// side: what passes a pad, a pool with few buffers, a call that hangs. Test
// files cannot hold cgo, so they are a package.
package gsttest

/*
#cgo pkg-config: gstreamer-1.0 gstreamer-video-1.0
#include "gsttest.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

// Passed is one buffer that passed a pad.
type Passed struct {
	// Memory is where the buffer's first memory is mapped.
	Memory        uintptr
	PTS, Duration time.Duration
	// RunningTime by the segment that is in force on the pad.
	RunningTime time.Duration
	// Caps in force on the pad.
	Caps string
}

// Spy watches one pad; it may see up to 256 buffers.
type Spy struct{ c *C.spy }

// NewSpy watches the static pad of an element (a GstElement pointer).
func NewSpy(element unsafe.Pointer, pad string) *Spy {
	name := C.CString(pad)
	defer C.spy_free_text(name)
	return &Spy{C.spy_new(element, name)}
}

// Passed is what passed so far, in order.
func (s *Spy) Passed() []Passed {
	all := make([]Passed, 0, C.spy_count(s.c))
	for i := range C.spy_count(s.c) {
		var p C.spied
		C.spy_get(s.c, i, &p)
		all = append(all, Passed{
			Memory: uintptr(p.memory), PTS: time.Duration(p.pts), Duration: time.Duration(p.duration),
			RunningTime: time.Duration(p.running_time), Caps: C.GoString(&p.caps[0]),
		})
	}
	return all
}

// LimitPool makes whoever is upstream of an element's sink pad use a pool of
// exactly n buffers, as decoders with memory of their own have.
func LimitPool(element unsafe.Pointer, n int) { C.limit_pool(element, C.int(n)) }

// Deinit ends GStreamer, at which its leaks tracer reports. Nothing works after it.
func Deinit() { C.deinit() }
