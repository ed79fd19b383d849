package gstgraph

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// stopLimit bounds each state change to NULL, whatever the caller allows: one
// that takes longer hangs in an element's thread.
const stopLimit = 5 * time.Second

// drainLimit bounds the wait for the encoder's last packets.
const drainLimit = 2 * time.Second

var errStuck = errors.New("the media graph did not stop in time and was abandoned")

// abandoned keeps graphs whose threads hang: freeing what such a thread uses
// would be a crash.
var abandoned struct {
	sync.Mutex
	graphs []any // *graph and *Encoder
}

// Abandoned is how many graphs and encoders could not be stopped since the process started.
// Their memory and threads are lost until it ends.
func Abandoned() int {
	abandoned.Lock()
	defer abandoned.Unlock()
	return len(abandoned.graphs)
}

// stopInput ends the input half: first no frame passes the decoder's pad any
// more and those under way arrive, then the elements stop, then the counts
// stand still.
func (g *graph) stopInput(ctx context.Context) error {
	g.inputClosed.Store(true)
	defer C.nv_input_seal(g.c)
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	C.nv_input_close(g.c)
	idle := g.endDecoding(ctx) && g.waitIdle(ctx)
	// Also when it hangs: no frame may be left waiting to be handed over.
	if !g.endGathering() || !idle {
		return errStuck
	}
	// Locked, so that the pipeline's own state changes leave it alone from here on.
	if err := g.in.SetLockedState(true); err != nil {
		return err
	}
	err := setNull(ctx, g.in.Element)
	if errors.Is(err, errStuck) {
		g.decoderHangs()
	}
	return err
}

// waitIdle waits until no frame is on its way from the decoder to the handler.
func (g *graph) waitIdle(ctx context.Context) bool {
	select {
	case <-g.idled:
		return true
	case <-ctx.Done():
		return false
	}
}

// setNull stops an element and everything in it. The state change has no limit
// of its own, so it runs beside the wait.
func setNull(ctx context.Context, el *gst.Element) error {
	done := make(chan error, 1)
	go func() { done <- el.SetState(gst.StateNull) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errStuck
	}
}

func (g *graph) stopAll(ctx context.Context) error {
	err := g.CloseInput(ctx)
	if g.out != nil && g.started && err == nil && !g.out.drain(ctx) {
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventNotice, Text: "the annotated stream's last pictures did not come out in time"})
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if !errors.Is(err, errStuck) {
		err = errors.Join(err, setNull(ctx, g.pipe.Element))
	}
	if g.watching {
		close(g.stopWatch)
		<-g.watched
	}
	g.silence()
	if errors.Is(err, errStuck) {
		g.abandon()
		return &pipeline.Error{Reason: pipeline.ReasonLost, Err: err}
	}
	g.free()
	return err
}

// silence is the end of the handler's calls.
func (g *graph) silence() {
	g.emitting.Lock()
	defer g.emitting.Unlock()
	g.silent = true
}

func (g *graph) abandon() {
	freeHandle(g.handle)
	unhide(g.hidden)
	keep(g)
}

func keep(stuck any) {
	abandoned.Lock()
	defer abandoned.Unlock()
	abandoned.graphs = append(abandoned.graphs, stuck)
}

// free gives everything native back. The frames that are still out keep what
// they need themselves.
func (g *graph) free() {
	g.use.Lock()
	defer g.use.Unlock()
	freeHandle(g.handle)
	unhide(g.hidden)
	if g.pipe != nil {
		C.nv_bus_unwatch(g.pipe.Unsafe())
	}
	g.elements.drop()
	if g.out != nil {
		dropObject(g.out.bin.Object)
	}
	if g.in != nil {
		dropObject(g.in.Object)
	}
	if g.pipe != nil {
		dropObject(g.pipe.Object)
	}
	if g.c != nil {
		g.final = g.counts()
		C.nv_graph_dispose(g.c)
		C.nv_graph_unref(g.c)
		g.c = nil
	}
}
