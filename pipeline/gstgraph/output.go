package gstgraph

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// maxQueued bounds the frames in appsrc: with those held elsewhere they must
// stay below the 4–8 buffers that a decoder's pool has.
const maxQueued = 3

// output is the continuation half of a graph.
type output struct {
	g       *graph
	bin     *gst.Bin
	src     *gst.Element
	encoder *gst.Element // nil: frames are thrown away
	kind    *encoderKind
	image   pipeline.Image // the draw callback's, used again

	travel travellers

	// Push's goroutine's.
	pushed        bool
	width, height int
	forcedKey     time.Duration

	// The continuation's streaming thread's.
	lastKey atomic.Int64 // key of the newest keyframe, ns; -1: none yet

	failed   atomic.Bool
	ended    chan struct{}
	endOnce  sync.Once
	failOnce sync.Once
}

// newOutput builds the half after Push. Nothing in it waits for a clock or
// for preroll: its sink hands on at once.
func (g *graph) newOutput() (*output, error) {
	o := &output{g: g, bin: gst.NewBin("output"), ended: make(chan struct{}), forcedKey: -1}
	o.lastKey.Store(-1)
	if err := g.pipe.Add(o.bin.Element); err != nil {
		return nil, err
	}
	src, err := g.elements.make(o.bin, "appsrc", appsrcProps())
	if err != nil {
		return nil, err
	}
	o.src = src
	if g.settings.DiscardContinuation {
		return o, o.discard()
	}
	return o, o.encode(g.settings)
}

func (o *output) discard() error {
	sink, err := o.g.elements.make(o.bin, "fakesink", discardProps())
	if err != nil {
		return err
	}
	C.nv_output_open(o.g.c, pointer(o.src), nil, maxQueued)
	return link(o.src, sink)
}

func (o *output) encode(s pipeline.GraphSettings) error {
	kind, err := chooseEncoder(encodersOf(h264), s.Encoders)
	if err != nil {
		return err
	}
	o.kind = kind
	chain, err := o.g.elements.chain(o.bin,
		step{"videoconvert", convertProps()},
		// The rate is not known, so the interval in frames only has to be longer
		// than the one in time, which push keeps.
		step{kind.element, kind.props(manyFrames)},
		step{"h264parse", props{"config-interval": -1}},
		step{"appsink", sinkProps(h264Packets)})
	if err != nil {
		return err
	}
	o.encoder = chain[1]
	C.nv_output_open(o.g.c, pointer(o.src), pointer(chain[3]), maxQueued)
	return link(o.src, chain[0])
}

func (o *output) push(f *frame.Frame, findings []frame.Finding) error {
	if f.Token == nil {
		return errors.New("the frame is not from this graph")
	}
	p := (*C.nv_picture)(f.Token)
	if err := o.followSize(f); err != nil {
		return err
	}
	key := time.Duration(p.running_time)
	o.keepKeyInterval(key)
	draw := len(findings) > 0 && o.g.settings.Draw != nil && o.encoder != nil
	if o.encoder != nil {
		o.travel.add(traveller{key, f.PTS, f.Captured, findings})
	}
	switch C.nv_push(o.g.c, p, C.int(boolInt(draw))) {
	case C.NV_PUSHED:
		o.pushed = true
		return nil
	case C.NV_FULL:
		o.unadd()
		return pipeline.ErrFull
	default:
		o.unadd()
		return errors.New("the continuation takes no frames any more")
	}
}

func (o *output) unadd() {
	if o.encoder != nil {
		o.travel.removeNewest()
	}
}

// followSize sets the bitrate that fits the picture, where none is configured.
// A picture that no encoder takes ends the continuation.
func (o *output) followSize(f *frame.Frame) error {
	if o.encoder == nil || f.Width == o.width && f.Height == o.height {
		return nil
	}
	if f.Width%2 != 0 || f.Height%2 != 0 {
		err := fmt.Errorf("the picture is %d×%d; only even sizes can be encoded", f.Width, f.Height)
		o.g.continuationFailed(err)
		return err
	}
	o.width, o.height = f.Width, f.Height
	kbps := o.g.settings.BitrateKbps
	if kbps == 0 {
		kbps = bitrateFor(f.Width, f.Height, 25)
	}
	o.kind.setBitrate(o.encoder, kbps)
	return nil
}

// keepKeyInterval asks for a keyframe when the newest is older than the
// interval, at most once per interval.
func (o *output) keepKeyInterval(key time.Duration) {
	if o.encoder == nil {
		return
	}
	interval := o.g.settings.KeyInterval
	last := max(time.Duration(o.lastKey.Load()), o.forcedKey)
	if last >= 0 && key-last >= interval {
		o.forcedKey = key
		C.nv_output_force_keyframe(o.g.c)
	}
}

// setLatency tells the half after Push how late its pictures come: what the
// input needs, and up to a second for batching and inference.
func (o *output) setLatency(input time.Duration) {
	set(o.src, "min-latency", input+time.Second)
}

// drain lets the last packets out; false: not within the limit.
func (o *output) drain(ctx context.Context) bool {
	if !o.pushed || o.failed.Load() || o.encoder == nil {
		return true
	}
	C.nv_output_end(o.g.c)
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	select {
	case <-o.ended:
		return true
	case <-ctx.Done():
		return false
	}
}

func (o *output) end() { o.endOnce.Do(func() { close(o.ended) }) }

// draw is called by the shim with a picture that nobody else has.
func (g *graph) draw(p *C.nv_picture) {
	findings := g.out.travel.findings(time.Duration(p.running_time))
	if len(findings) == 0 {
		return
	}
	g.out.image = pipeline.Image{
		Format: formatOf(p), Width: int(p.width), Height: int(p.height), Planes: planesOf(p),
		Matrix: matrixOf(p), FullRange: p.full_range != 0,
	}
	g.settings.Draw(&g.out.image, findings)
	g.out.image.Planes = [3]frame.Plane{}
}

// packet is called by the shim for each access unit.
func (g *graph) packet(p *C.nv_packet) {
	tr, ok := g.out.travel.take(time.Duration(p.running_time))
	if !ok {
		return
	}
	if p.keyframe != 0 {
		g.out.lastKey.Store(int64(p.running_time))
	}
	packet := packetOf(p)
	packet.PTS, packet.Captured = tr.pts, tr.captured
	g.emitting.Lock()
	defer g.emitting.Unlock()
	if !g.silent {
		g.handler.OnPacket(packet)
	}
}

func packetOf(p *C.nv_packet) frame.Packet {
	return frame.Packet{
		PTS:      time.Duration(p.running_time),
		Keyframe: p.keyframe != 0,
		Width:    int(p.width),
		Height:   int(p.height),
		Data:     append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(p.data)), int(p.size))...),
	}
}

func (g *graph) drained() { g.out.end() }

func (g *graph) continuationFailed(err error) {
	g.out.failed.Store(true)
	g.out.end()
	g.out.failOnce.Do(func() {
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventContinuation, Err: err})
	})
}
