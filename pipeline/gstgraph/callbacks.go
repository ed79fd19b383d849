package gstgraph

/*
#cgo pkg-config: gio-2.0 gstreamer-1.0 gstreamer-app-1.0 gstreamer-rtsp-1.0 gstreamer-video-1.0
#cgo CFLAGS: -Wall -Wno-unused-parameter -O2
#include "shim.h"
*/
import "C"

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// native is the Go half of an nv_graph: what the shim calls. All but wake and
// the panic report run on GStreamer's threads and must not block.
type native interface {
	frame(p *C.nv_picture, waited time.Duration)
	ended()
	unit(first, keyframe bool)
	oversize(width, height int)
	idle()
	selectStream(media, encoding string, clock int) bool
	media(pad unsafe.Pointer, media, encoding string)
	noMorePads()
	answer(a answer) (refuse bool)
	keepaliveRefused(code int)
	untrusted(flags uint)
	decoderFault()
	decoderProven()
	wake()
	draw(p *C.nv_picture)
	packet(p *C.nv_packet)
	drained()
	panicked(callback string, value any)
}

// maxGraphs bounds the handles given out: graphs and encoders that live at once.
const maxGraphs = 4096

var errTooManyGraphs = errors.New("too many media graphs at once")

// handles finds the Go half from C. Looking up takes no lock and allocates
// nothing; a handle is never used twice, so a late callback of a graph that is
// gone finds nobody.
var handles struct {
	mu    sync.Mutex
	last  uint64
	slots [maxGraphs]atomic.Pointer[handleEntry]
}

type handleEntry struct {
	handle uint64
	to     native
}

func newHandle(n native) (uint64, error) {
	handles.mu.Lock()
	defer handles.mu.Unlock()
	for i := range uint64(maxGraphs) {
		h := handles.last + 1 + i
		slot := &handles.slots[h%maxGraphs]
		if slot.Load() == nil {
			handles.last = h
			slot.Store(&handleEntry{h, n})
			return h, nil
		}
	}
	return 0, errTooManyGraphs
}

func freeHandle(h uint64) { handles.slots[h%maxGraphs].Store(nil) }

func nativeOf(h C.uint64_t) native {
	e := handles.slots[uint64(h)%maxGraphs].Load()
	if e == nil || e.handle != uint64(h) {
		return nobody{}
	}
	return e.to
}

// rescue keeps a panic in a callback from taking the process down.
func rescue(h C.uint64_t, callback string) {
	if v := recover(); v != nil {
		nativeOf(h).panicked(callback, v)
	}
}

//export nvGoFrame
func nvGoFrame(h C.uint64_t, p *C.nv_picture) {
	defer rescue(h, "frame")
	nativeOf(h).frame(p, 0)
}

//export nvGoFrames
func nvGoFrames(handles *C.uint64_t, pictures **C.nv_picture, n C.uint, now C.int64_t) {
	for i, p := range unsafe.Slice(pictures, n) {
		gathered(unsafe.Slice(handles, n)[i], p, now)
	}
}

// gathered hands one frame of several over; a panic ends no other's.
func gathered(h C.uint64_t, p *C.nv_picture, now C.int64_t) {
	defer rescue(h, "frame")
	nativeOf(h).frame(p, time.Duration(now-p.arrived)*time.Microsecond)
}

//export nvGoEOS
func nvGoEOS(h C.uint64_t) {
	defer rescue(h, "eos")
	nativeOf(h).ended()
}

//export nvGoUnit
func nvGoUnit(h C.uint64_t, first, keyframe C.int) {
	defer rescue(h, "unit")
	nativeOf(h).unit(first != 0, keyframe != 0)
}

//export nvGoOversize
func nvGoOversize(h C.uint64_t, width, height C.int) {
	defer rescue(h, "oversize")
	nativeOf(h).oversize(int(width), int(height))
}

//export nvGoIdle
func nvGoIdle(h C.uint64_t) {
	defer rescue(h, "idle")
	nativeOf(h).idle()
}

//export nvGoSelect
func nvGoSelect(h C.uint64_t, media, encoding *C.char, clock C.int) C.int {
	defer rescue(h, "select-stream")
	if nativeOf(h).selectStream(C.GoString(media), C.GoString(encoding), int(clock)) {
		return 1
	}
	return 0
}

//export nvGoMedia
func nvGoMedia(h C.uint64_t, pad unsafe.Pointer, media, encoding *C.char) {
	defer rescue(h, "pad-added")
	nativeOf(h).media(pad, C.GoString(media), C.GoString(encoding))
}

//export nvGoNoMorePads
func nvGoNoMorePads(h C.uint64_t) {
	defer rescue(h, "no-more-pads")
	nativeOf(h).noMorePads()
}

//export nvGoAnswer
func nvGoAnswer(h C.uint64_t, a *C.nv_answer) C.int {
	defer rescue(h, "answer")
	return C.int(boolInt(nativeOf(h).answer(answer{
		method: C.GoString(a.method), code: int(a.code),
		session: C.GoString(a.session), transport: C.GoString(a.transport), location: C.GoString(a.location),
	})))
}

//export nvGoKeepaliveRefused
func nvGoKeepaliveRefused(h C.uint64_t, code C.int) {
	defer rescue(h, "keep-alive")
	nativeOf(h).keepaliveRefused(int(code))
}

//export nvGoDecoderFault
func nvGoDecoderFault(h C.uint64_t) {
	defer rescue(h, "decoder")
	nativeOf(h).decoderFault()
}

//export nvGoDecoderProven
func nvGoDecoderProven(h C.uint64_t) {
	defer rescue(h, "decoder")
	nativeOf(h).decoderProven()
}

//export nvGoUntrusted
func nvGoUntrusted(h C.uint64_t, flags C.uint) {
	defer rescue(h, "accept-certificate")
	nativeOf(h).untrusted(uint(flags))
}

//export nvGoWake
func nvGoWake(h C.uint64_t) {
	defer rescue(h, "bus")
	nativeOf(h).wake()
}

//export nvGoDraw
func nvGoDraw(h C.uint64_t, p *C.nv_picture) {
	defer rescue(h, "draw")
	nativeOf(h).draw(p)
}

//export nvGoPacket
func nvGoPacket(h C.uint64_t, p *C.nv_packet) {
	defer rescue(h, "packet")
	nativeOf(h).packet(p)
}

//export nvGoDrained
func nvGoDrained(h C.uint64_t) {
	defer rescue(h, "drained")
	nativeOf(h).drained()
}

// nobody answers for graphs that are gone, and is embedded by those that use
// only some of the callbacks.
type nobody struct{}

func (nobody) frame(p *C.nv_picture, _ time.Duration) { C.nv_sample_release(p) }
func (nobody) ended()                                 {}
func (nobody) unit(bool, bool)                        {}
func (nobody) oversize(int, int)                      {}
func (nobody) idle()                                  {}
func (nobody) selectStream(string, string, int) bool  { return false }
func (nobody) media(unsafe.Pointer, string, string)   {}
func (nobody) noMorePads()                            {}
func (nobody) answer(answer) bool                     { return false }
func (nobody) keepaliveRefused(int)                   {}
func (nobody) decoderFault()                          {}
func (nobody) decoderProven()                         {}
func (nobody) untrusted(uint)                         {}
func (nobody) wake()                                  {}
func (nobody) draw(*C.nv_picture)                     {}
func (nobody) packet(*C.nv_packet)                    {}
func (nobody) drained()                               {}
func (nobody) panicked(string, any)                   {}
