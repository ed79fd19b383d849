package gstgraph

// #include "shim.h"
import "C"

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// graph is one connection of one feed. See [pipeline.Graph] for the contract.
type graph struct {
	nobody // the callbacks that only some sources have

	source   pipeline.Source
	settings pipeline.GraphSettings
	handler  pipeline.GraphHandler
	hidden   []string // secrets registered for this graph

	// Native objects, from Build to Close. use guards c against methods that
	// come while or after Close frees it.
	use      sync.RWMutex
	handle   uint64
	c        *C.nv_graph
	pipe     *gst.Pipeline
	in       *gst.Bin
	elements elements
	convert  *gst.Element // first element after the decoder
	seamless bool         // a film that is looped within one graph
	out      *output      // nil without a continuation
	final    pipeline.Counts

	// The streaming thread's.
	frames *framePool
	caps   pictureCaps

	// The watch goroutine's.
	latency time.Duration

	offers    offerState
	keeping   keeping
	redirects int // the source thread's
	decoding  decoding

	emitting sync.Mutex // orders events and packets with the end of both
	silent   bool

	failed       atomic.Bool // the input's first failure has been reported
	inputClosed  atomic.Bool
	startSegment atomic.Bool // a looped film waits for its first segment
	panics       panics

	woken     chan struct{}
	stopWatch chan struct{}
	watched   chan struct{}
	started   bool
	watching  bool
	idled     chan struct{}
	idleOnce  sync.Once

	closeInput sync.Once
	inputErr   error
	closeAll   sync.Once
	closeErr   error
}

// pictureCaps is the last picture size reported.
type pictureCaps struct {
	width, height int
	fps           float64
}

// Build makes a graph; nothing runs yet. It is a [pipeline.BuildGraph].
func Build(source pipeline.Source, settings pipeline.GraphSettings, handler pipeline.GraphHandler) (pipeline.Graph, error) {
	return build(source, settings, handler, (*graph).buildSink)
}

func build(source pipeline.Source, settings pipeline.GraphSettings, handler pipeline.GraphHandler, sink func(*graph) error) (pipeline.Graph, error) {
	Init()
	g := &graph{
		source:    source,
		settings:  withDefaults(settings),
		handler:   handler,
		frames:    newFramePool(),
		latency:   -1,
		woken:     make(chan struct{}, 1),
		stopWatch: make(chan struct{}),
		watched:   make(chan struct{}),
		idled:     make(chan struct{}),
		keeping:   newKeeping(),
		decoding:  decoding{turn: make(chan struct{}, 1)},
	}
	if err := g.build(sink); err != nil {
		g.free()
		return nil, err
	}
	return g, nil
}

func withDefaults(s pipeline.GraphSettings) pipeline.GraphSettings {
	orElse := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	orElse(&s.MaxWidth, 8192)
	orElse(&s.MaxHeight, 8192)
	orElse(&s.MaxPixels, 40_000_000)
	orElse(&s.DecodeThreads, 1)
	s.Decode = cmp.Or(s.Decode, pipeline.DecodeAuto)
	if s.ConnectLimit == 0 {
		s.ConnectLimit = 5 * time.Second
	}
	if s.KeyInterval == 0 {
		s.KeyInterval = 2 * time.Second
	}
	return s
}

func (g *graph) build(sink func(*graph) error) (err error) {
	if g.handle, err = newHandle(g); err != nil {
		return err
	}
	g.hidden = spellings(g.source.RTSP)
	hide(g.hidden)
	g.c = C.nv_graph_new(C.uint64_t(g.handle))
	if g.pipe, err = gst.NewPipeline(string(g.settings.Feed)); err != nil {
		return err
	}
	g.in = gst.NewBin("input")
	if err := g.pipe.Add(g.in.Element); err != nil {
		return err
	}
	if g.settings.Annotate || g.settings.DiscardContinuation {
		if g.out, err = g.newOutput(); err != nil {
			return &pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err}
		}
	}
	if err := sink(g); err != nil {
		return &pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err}
	}
	if err := g.buildSource(); err != nil {
		return err
	}
	g.watchBus()
	return nil
}

func (g *graph) watchBus() {
	if g.out != nil {
		C.nv_bus_watch(g.c, g.pipe.Unsafe(), g.out.bin.Unsafe())
		return
	}
	C.nv_bus_watch(g.c, g.pipe.Unsafe(), nil)
}

// buildSink makes what every source ends in. The conversion passes I420 and
// NV12 through untouched. Frames are dropped in Go, where they are counted,
// so the sink keeps and drops nothing of its own.
func (g *graph) buildSink() error {
	chain, err := g.elements.chain(g.in,
		step{"videoconvert", convertProps()},
		step{"appsink", sinkProps("video/x-raw,format=(string){I420,NV12}")})
	if err != nil {
		return err
	}
	g.convert = chain[0]
	C.nv_input_sink(g.c, pointer(chain[1]))
	return nil
}

// Start implements [pipeline.Graph].
func (g *graph) Start() error {
	g.started = true
	if err := g.pipe.SetState(gst.StatePlaying); err != nil {
		return g.startError(err)
	}
	g.watching = true
	go g.watch()
	return nil
}

// startError is the reason that the bus gave for a failed state change.
func (g *graph) startError(err error) error {
	var m C.nv_message
	for C.nv_bus_pop(g.c, &m) != 0 {
		if m.kind == C.NV_ERROR {
			g.failed.Store(true)
			e := classify(problemOf(&m), g.offered())
			return &pipeline.Error{Reason: e.Reason, Err: errors.New(redact(e.Err.Error()))}
		}
	}
	return err
}

// frame is called by the shim for each decoded picture.
func (g *graph) frame(p *C.nv_picture, waited time.Duration) {
	if p.new_caps != 0 {
		g.reportCaps(p)
	}
	g.handler.OnFrame(g.frames.take(p, time.Now().Add(-waited)))
}

func (g *graph) reportCaps(p *C.nv_picture) {
	c := pictureCaps{width: int(p.width), height: int(p.height)}
	if p.fps_d > 0 {
		c.fps = float64(p.fps_n) / float64(p.fps_d)
	}
	if c == g.caps {
		return
	}
	g.caps = c
	g.emit(pipeline.GraphEvent{Kind: pipeline.EventCaps, Width: c.width, Height: c.height, FPS: c.fps})
}

func (g *graph) ended() {
	if !g.inputClosed.Load() {
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventEOS})
	}
}

func (g *graph) unit(first, keyframe bool) {
	if first {
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventFirstPacket})
	}
	if keyframe {
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventKeyframe})
	}
}

func (g *graph) oversize(width, height int) {
	s := g.settings
	g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: fmt.Errorf(
		"the picture is %d×%d; at most %d×%d and %d pixels are taken", width, height, s.MaxWidth, s.MaxHeight, s.MaxPixels)})
}

func (g *graph) idle() { g.idleOnce.Do(func() { close(g.idled) }) }

func (g *graph) panicked(callback string, value any) {
	g.panics.put(callback, value)
	g.wake()
}

// Counts implements [pipeline.Graph].
func (g *graph) Counts() pipeline.Counts {
	g.use.RLock()
	defer g.use.RUnlock()
	if g.c == nil {
		return g.final
	}
	return g.counts()
}

func (g *graph) counts() pipeline.Counts {
	c := C.nv_input_counts(g.c)
	counts := pipeline.Counts{Packets: uint64(c.packets), LeftOut: uint64(c.left_out), Decoded: uint64(c.decoded), Lost: uint64(c.lost)}
	if c.since_packet >= 0 {
		counts.LastPacket = time.Now().Add(-time.Duration(c.since_packet))
	}
	return counts
}

// Push implements [pipeline.Graph].
func (g *graph) Push(f *frame.Frame, findings []frame.Finding) error {
	g.use.RLock()
	defer g.use.RUnlock()
	if g.c == nil || g.out == nil {
		return errNoContinuation
	}
	return g.out.push(f, findings)
}

var errNoContinuation = errors.New("the graph has no continuation")

// ForceKeyframe implements [pipeline.Graph].
func (g *graph) ForceKeyframe() {
	g.use.RLock()
	defer g.use.RUnlock()
	if g.c != nil && g.out != nil {
		C.nv_output_force_keyframe(g.c)
	}
}

// CloseInput implements [pipeline.Graph].
func (g *graph) CloseInput(ctx context.Context) error {
	g.closeInput.Do(func() { g.inputErr = g.stopInput(ctx) })
	return g.inputErr
}

// Close implements [pipeline.Graph].
func (g *graph) Close(ctx context.Context) error {
	g.closeAll.Do(func() { g.closeErr = g.stopAll(ctx) })
	return g.closeErr
}
