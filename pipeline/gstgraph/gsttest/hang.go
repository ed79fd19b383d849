package gsttest

// #include "hang.h"
import "C"

import (
	"unsafe"

	"github.com/nvpipe/nvpipe/frame"
)

// Hang is a native library whose calls do not return before Release, as those
// of an accelerator that is stuck. It may be used by several goroutines.
type Hang struct{ c *C.hang }

// NewHang returns one that hangs. Free it when no call is under way.
func NewHang() *Hang { return &Hang{C.hang_new()} }

// Release lets the calls under way, and all later ones, return.
func (h *Hang) Release() { C.hang_release(h.c) }

// Free gives its memory back.
func (h *Hang) Free() { C.hang_free(h.c) }

// Sums waits in C for Release, and then reads there every plane of the pictures
// and writes a checksum of each into memory that it was given before. The
// pictures are a graph's: their memory is not Go's.
func (h *Hang) Sums(pictures []*frame.Frame) []uint64 {
	var spans []C.span
	for _, f := range pictures {
		for _, p := range f.Planes {
			if len(p.Data) > 0 {
				spans = append(spans, C.span{(*C.uint8_t)(unsafe.SliceData(p.Data)), C.size_t(len(p.Data))})
			}
		}
	}
	sums := make([]uint64, len(spans))
	C.hang_sums(h.c, unsafe.SliceData(spans), C.int(len(spans)), (*C.uint64_t)(unsafe.SliceData(sums)))
	return sums
}
