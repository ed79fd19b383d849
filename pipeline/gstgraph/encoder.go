package gstgraph

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
	"unsafe"

	"github.com/nvpipe/nvpipe/frame"

	"github.com/go-gst/go-gst/gst"
)

// EncoderSettings say what an [Encoder] makes.
type EncoderSettings struct {
	// Width and Height in pixels, even; FPS is the nominal rate, 0: 25.
	Width, Height int
	FPS           float64
	// Format of the pictures that Encode gets; FormatUnknown means I420.
	Format frame.Format
	// Codec is "H264" (also when empty), "H265" or "JPEG".
	Codec string
	// KeyInterval is the time between keyframes; 0: 2 s.
	KeyInterval time.Duration
	// BitrateKbps; 0: by picture size and rate. JPEG has none.
	BitrateKbps int
	// Encoders are H.264 elements in order of preference; empty: our own choice.
	Encoders []string
}

// Encoder makes packets of pictures that Go has drawn: a graph of its own for
// test cameras and for the picture shown while a camera is away. Its methods
// are called by one goroutine at a time.
type Encoder struct {
	nobody
	settings EncoderSettings
	onPacket func(frame.Packet)

	handle   uint64
	c        *C.nv_graph
	pipe     *gst.Pipeline
	elements elements

	closed bool // by Encode's goroutine

	mu       sync.Mutex
	err      error // the first failure
	over     bool
	finished chan struct{} // closed at either
}

// ErrEncoderClosed is Encode's answer after Flush or Close.
var ErrEncoderClosed = errors.New("the encoder is closed")

// NewEncoder starts an encoder. onPacket is called on its streaming thread
// with each access unit in order: Annex B with parameter sets before every
// keyframe for H.264 and H.265, a whole JFIF image for JPEG; PTS is what Encode
// was given. It must not block for long and must not call the encoder.
func NewEncoder(s EncoderSettings, onPacket func(frame.Packet)) (*Encoder, error) {
	Init()
	if err := s.complete(); err != nil {
		return nil, err
	}
	e := &Encoder{settings: s, onPacket: onPacket, finished: make(chan struct{})}
	if err := e.build(); err != nil {
		e.free()
		return nil, err
	}
	return e, nil
}

func (s *EncoderSettings) complete() error {
	if s.Width <= 0 || s.Height <= 0 || s.Width%2 != 0 || s.Height%2 != 0 {
		return fmt.Errorf("an encoder's picture must have an even width and height, is %d×%d", s.Width, s.Height)
	}
	if s.Codec == "" {
		s.Codec = "H264"
	}
	if codecs[s.Codec] == nil {
		return fmt.Errorf("an encoder's codec must be H264, H265 or JPEG, is %q", s.Codec)
	}
	if s.FPS <= 0 {
		s.FPS = 25
	}
	if s.KeyInterval <= 0 {
		s.KeyInterval = 2 * time.Second
	}
	if s.BitrateKbps <= 0 {
		s.BitrateKbps = bitrateFor(s.Width, s.Height, s.FPS)
	}
	return nil
}

func (e *Encoder) build() (err error) {
	if e.handle, err = newHandle(e); err != nil {
		return err
	}
	e.c = C.nv_graph_new(C.uint64_t(e.handle))
	if e.pipe, err = gst.NewPipeline(""); err != nil {
		return err
	}
	chain, err := e.chain()
	if err != nil {
		return err
	}
	C.nv_output_open(e.c, pointer(chain[0]), pointer(chain[len(chain)-1]), maxQueued)
	C.nv_bus_watch(e.c, e.pipe.Unsafe(), nil)
	format := C.int(C.NV_I420)
	if e.settings.Format == frame.NV12 {
		format = C.NV_NV12
	}
	fps := C.int(math.Round(e.settings.FPS * 1000))
	if C.nv_copy_open(e.c, format, C.int(e.settings.Width), C.int(e.settings.Height), fps, 1000) == 0 {
		return fmt.Errorf("no pictures of %d×%d", e.settings.Width, e.settings.Height)
	}
	return e.pipe.SetState(gst.StatePlaying)
}

func (e *Encoder) chain() ([]*gst.Element, error) {
	s := e.settings
	kind, err := chooseEncoder(encodersOf(codecs[s.Codec]), s.Encoders)
	if err != nil {
		return nil, err
	}
	source := appsrcProps()
	source["block"], source["is-live"] = true, false
	steps := []step{
		{"appsrc", source},
		{"videoconvert", convertProps()},
		{kind.element, kind.props(max(1, int(math.Round(s.FPS*s.KeyInterval.Seconds()))))},
	}
	caps := jpegPackets
	switch codecs[s.Codec] {
	case h264:
		steps, caps = append(steps, step{"h264parse", props{"config-interval": -1}}), h264Packets
	case h265:
		steps, caps = append(steps, step{"h265parse", props{"config-interval": -1}}), h265Packets
	}
	chain, err := e.elements.chain(e.pipe.Bin, append(steps, step{"appsink", sinkProps(caps)})...)
	if err == nil {
		kind.setBitrate(chain[2], s.BitrateKbps)
	}
	return chain, err
}

// Encode copies a picture in the size and format of the settings. PTS must
// grow. It waits while the encoder is busy with earlier pictures.
func (e *Encoder) Encode(planes [3]frame.Plane, pts time.Duration) error {
	if e.closed {
		return ErrEncoderClosed
	}
	if err := e.failure(); err != nil {
		return err
	}
	if err := e.check(planes); err != nil {
		return err
	}
	y, u, v := planes[0], planes[1], planes[2]
	if C.nv_copy_push(e.c, data(y), C.int(y.Stride), data(u), C.int(u.Stride), data(v), C.int(v.Stride),
		C.int64_t(pts)) != C.NV_PUSHED {
		return errors.Join(errors.New("the encoder takes no pictures any more"), e.failure())
	}
	return nil
}

// check keeps a short plane from being read past its end in C.
func (e *Encoder) check(planes [3]frame.Plane) error {
	w, h := e.settings.Width, e.settings.Height
	rows := [3]struct{ bytes, rows int }{{w, h}, {w / 2, h / 2}, {w / 2, h / 2}}
	if e.settings.Format == frame.NV12 {
		rows[1].bytes, rows[2] = w, struct{ bytes, rows int }{}
	}
	for i, r := range rows {
		p := planes[i]
		if r.rows > 0 && (p.Stride < r.bytes || len(p.Data) < p.Stride*(r.rows-1)+r.bytes) {
			return fmt.Errorf("plane %d of a picture is too small for %d×%d", i, w, h)
		}
	}
	return nil
}

func data(p frame.Plane) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(p.Data))) }

// Flush ends the stream and waits until the last packet has come out. Encode
// is over after that.
func (e *Encoder) Flush(ctx context.Context) error {
	if e.closed {
		return ErrEncoderClosed
	}
	e.closed = true
	C.nv_output_end(e.c)
	select {
	case <-e.finished:
		return e.failure()
	case <-ctx.Done():
		return fmt.Errorf("flush the encoder: %w", ctx.Err())
	}
}

// Close stops the encoder and frees it; packets not out yet are lost. It may
// be called twice. When it has returned onPacket is not called any more.
func (e *Encoder) Close() error {
	e.closed = true
	if e.pipe == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := setNull(ctx, e.pipe.Element); err != nil {
		keep(e)
		return err
	}
	e.free()
	return nil
}

func (e *Encoder) free() {
	freeHandle(e.handle)
	e.elements.drop()
	if e.pipe != nil {
		C.nv_bus_unwatch(e.pipe.Unsafe())
		dropObject(e.pipe.Object)
		e.pipe = nil
	}
	if e.c != nil {
		C.nv_graph_dispose(e.c)
		C.nv_graph_unref(e.c)
		e.c = nil
	}
}

func (e *Encoder) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

func (e *Encoder) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
		e.finish()
	}
}

// finish lets Flush return; e.mu is held.
func (e *Encoder) finish() {
	if !e.over {
		e.over = true
		close(e.finished)
	}
}

func (e *Encoder) packet(p *C.nv_packet) { e.onPacket(packetOf(p)) }

func (e *Encoder) drained() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.finish()
}

// wake is called in the thread that posts a message; copying it out is all.
func (e *Encoder) wake() {
	var m C.nv_message
	for C.nv_bus_pop(e.c, &m) != 0 {
		if m.kind == C.NV_ERROR {
			p := problemOf(&m)
			e.fail(errors.New(joinDetail(p.text, p.debug)))
		}
	}
}

func (e *Encoder) panicked(callback string, value any) {
	e.fail(fmt.Errorf("panic in the %s callback: %v", callback, value))
}
