// Package graphtest has a media graph that does what a test tells it: a real
// [pipeline.Graph] without media. It keeps the same books as a real one and
// knows where every one of its frames is.
package graphtest

import (
	"context"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Push is one frame that went into the continuation.
type Push struct {
	Seq      uint64
	PTS      time.Duration
	Findings []frame.Finding
	At       time.Time
	// Keyframe: ForceKeyframe was called since the push before.
	Keyframe bool
}

// Faults are what can be wrong with a graph. They are set before it is built.
type Faults struct {
	// Build and Start fail with these.
	Build, Start error
	// FreezeInput and FreezeClose make the two calls last until their context ends.
	FreezeInput, FreezeClose bool
	// FreezePush makes Push block until Thaw.
	FreezePush bool
	// Push refuses every frame with this.
	Push error
}

// Graph is a scripted graph. Its streaming side (Frame, Lose, Steal, …) is
// called by one goroutine at a time, the test's.
type Graph struct {
	Source   pipeline.Source
	Settings pipeline.GraphSettings
	// Interval is what Frame adds to the running time; 40 ms if 0.
	Interval time.Duration

	handler pipeline.GraphHandler
	faults  Faults
	pool    *Pool
	thaw    chan struct{}

	// streaming is held while a frame is handed over: CloseInput waits for it,
	// as a real graph waits for its streaming thread.
	streaming sync.Mutex

	mu       sync.Mutex
	counts   pipeline.Counts
	running  time.Duration
	started  bool
	closed   bool
	inputEnd bool
	key      bool
	pushes   []Push
}

// Start implements pipeline.Graph.
func (g *Graph) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.started = g.faults.Start == nil
	return g.faults.Start
}

// Push implements pipeline.Graph: the frame comes out as a packet at once.
func (g *Graph) Push(f *frame.Frame, findings []frame.Finding) error {
	if g.faults.FreezePush {
		<-g.thaw
	}
	if g.faults.Push != nil {
		return g.faults.Push
	}
	g.mu.Lock()
	p := Push{Seq: f.Seq, PTS: f.PTS, Findings: findings, At: time.Now(), Keyframe: g.key}
	g.pushes, g.key = append(g.pushes, p), false
	g.mu.Unlock()
	g.handler.OnPacket(frame.Packet{PTS: f.PTS, Captured: f.Captured, Keyframe: p.Keyframe, Width: f.Width, Height: f.Height})
	return nil
}

// ForceKeyframe implements pipeline.Graph.
func (g *Graph) ForceKeyframe() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.key = true
}

// CloseInput implements pipeline.Graph.
func (g *Graph) CloseInput(ctx context.Context) error {
	err := freeze(ctx, g.faults.FreezeInput) // frames still come meanwhile
	g.mu.Lock()
	g.inputEnd = true
	g.mu.Unlock()
	g.waitForFrame()
	return err
}

// Close implements pipeline.Graph.
func (g *Graph) Close(ctx context.Context) error {
	g.mu.Lock()
	g.inputEnd, g.closed = true, true
	g.mu.Unlock()
	return freeze(ctx, g.faults.FreezeClose)
}

func (g *Graph) waitForFrame() {
	g.streaming.Lock()
	defer g.streaming.Unlock()
}

func freeze(ctx context.Context, frozen bool) error {
	if !frozen {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// Counts implements pipeline.Graph.
func (g *Graph) Counts() pipeline.Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counts
}

// Frame decodes one frame and hands it over, Interval after the one before. It
// reports false, and does nothing, when the input has ended.
func (g *Graph) Frame() bool { return g.FrameWith(nil) }

// FrameWith is Frame with a chance to change the frame before it is handed over.
func (g *Graph) FrameWith(change func(*frame.Frame)) bool {
	g.streaming.Lock()
	defer g.streaming.Unlock()
	if !g.decode() {
		return false
	}
	f := g.pool.get()
	f.PTS, f.Duration, f.Arrived = g.step(), g.interval(), time.Now()
	f.Captured = f.Arrived
	f.Format, f.Width, f.Height = frame.I420, 640, 360
	if change != nil {
		change(f)
	}
	g.handler.OnFrame(f)
	return true
}

// Lose decodes a frame that is lost before it is handed over, and says so.
func (g *Graph) Lose() bool {
	g.streaming.Lock()
	defer g.streaming.Unlock()
	if !g.decode() {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts.Lost++
	return true
}

// Steal decodes a frame that vanishes without a trace: the control that every
// check of the books has to fail with.
func (g *Graph) Steal() bool { return g.decode() }

func (g *Graph) decode() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inputEnd || !g.started {
		return false
	}
	g.counts.Decoded++
	g.counts.Packets++
	g.counts.LastPacket = time.Now()
	return true
}

func (g *Graph) interval() time.Duration {
	if g.Interval == 0 {
		return 40 * time.Millisecond
	}
	return g.Interval
}

func (g *Graph) step() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running += g.interval()
	return g.running
}

// Jump moves the stream's time.
func (g *Graph) Jump(by time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running += by
}

// Data lets something arrive that is not even an access unit.
func (g *Graph) Data() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts.LastPacket = time.Now()
}

// Packet lets one access unit arrive that nothing can be decoded from.
func (g *Graph) Packet() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts.Packets++
	g.counts.LastPacket = time.Now()
}

// FirstPacket is Packet, and reports it as the first.
func (g *Graph) FirstPacket() {
	g.Packet()
	g.Event(pipeline.GraphEvent{Kind: pipeline.EventFirstPacket})
}

// Keyframe lets a keyframe arrive.
func (g *Graph) Keyframe() {
	g.Packet()
	g.Event(pipeline.GraphEvent{Kind: pipeline.EventKeyframe})
}

// Event reports to the handler.
func (g *Graph) Event(e pipeline.GraphEvent) { g.handler.OnEvent(e) }

// Fail reports an error.
func (g *Graph) Fail(r pipeline.Reason, text string) {
	g.Event(pipeline.GraphEvent{Kind: pipeline.EventError, Reason: r, Text: text})
}

// EOS reports the end of the stream.
func (g *Graph) EOS() { g.Event(pipeline.GraphEvent{Kind: pipeline.EventEOS}) }

// Emit hands a packet of the annotated stream to the handler.
func (g *Graph) Emit(p frame.Packet) { g.handler.OnPacket(p) }

// Thaw lets a frozen Push go on. It is called once.
func (g *Graph) Thaw() { close(g.thaw) }

// Pushes are the frames that went into the continuation so far.
func (g *Graph) Pushes() []Push {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Push(nil), g.pushes...)
}

// Closed reports whether Close has been called.
func (g *Graph) Closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}
