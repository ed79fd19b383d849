package gstgraph

// #include "shim.h"
import "C"

import (
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// watch is the graph's one goroutine: it handles the bus's messages, because
// what they ask for may not be done in the threads that send them.
func (g *graph) watch() {
	defer close(g.watched)
	keepalive := time.NewTicker(keepaliveEvery)
	keepalive.Stop()
	defer keepalive.Stop()
	for {
		select {
		case <-g.stopWatch:
			return
		case <-g.woken:
			g.handleMessages()
		case every := <-g.keeping.playing:
			keepalive.Reset(every)
		case <-keepalive.C:
			g.keepalive()
		}
	}
}

// wake is called by the shim whenever there is something for watch to do.
func (g *graph) wake() {
	select {
	case g.woken <- struct{}{}:
	default:
	}
}

func (g *graph) handleMessages() {
	if err := g.panics.take(); err != nil {
		g.fail(&pipeline.Error{Reason: pipeline.ReasonLost, Err: err})
	}
	if g.startSegment.CompareAndSwap(true, false) {
		g.playSegment(true)
	}
	var m C.nv_message
	for C.nv_bus_pop(g.c, &m) != 0 {
		g.onMessage(&m)
	}
}

func (g *graph) onMessage(m *C.nv_message) {
	switch m.kind {
	case C.NV_ERROR, C.NV_WARNING:
		g.onProblem(problemOf(m))
	case C.NV_LATENCY:
		g.pipe.RecalculateLatency()
		g.reportLatency()
	case C.NV_CLOCK_LOST:
		// A new clock is chosen on the way to PLAYING.
		if g.pipe.SetState(gst.StatePaused) == nil {
			_ = g.pipe.SetState(gst.StatePlaying)
		}
	case C.NV_SEGMENT_DONE:
		g.playSegment(false)
	case C.NV_TIMEOUT:
		g.fail(&pipeline.Error{Reason: pipeline.ReasonLost, Err: errors.New("the camera has sent nothing for a long time")})
	}
}

// playSegment starts a looped film, again. One that cannot be is at its end.
func (g *graph) playSegment(first bool) {
	if C.nv_loop_play(g.c, C.int(boolInt(first))) == 0 {
		g.ended()
	}
}

func problemOf(m *C.nv_message) problem {
	return problem{
		warning: m.kind == C.NV_WARNING,
		output:  m.output != 0,
		domain:  domain(m.domain),
		code:    int(m.code),
		source:  C.GoString(&m.source[0]),
		text:    C.GoString(&m.text[0]),
		debug:   C.GoString(&m.debug[0]),
	}
}

func (g *graph) onProblem(p problem) {
	switch {
	case p.output && !p.warning:
		g.continuationFailed(errors.New(redact(joinDetail(p.text, p.debug))))
	case p.output:
	case !p.warning, fatalWarning(p):
		g.fail(classify(p, g.offered()))
	default:
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventNotice, Text: redact(p.source + ": " + joinDetail(p.text, p.debug))})
	}
}

// fail reports the input's first failure; what follows from it says nothing new.
func (g *graph) fail(err *pipeline.Error) {
	if g.inputClosed.Load() || !g.failed.CompareAndSwap(false, true) {
		return
	}
	text := &pipeline.Error{Reason: err.Reason, Err: errors.New(redact(err.Err.Error()))}
	g.emit(pipeline.GraphEvent{Kind: pipeline.EventError, Reason: err.Reason, Err: text})
}

func (g *graph) reportLatency() {
	if latency := time.Duration(C.nv_input_latency(g.c)); latency >= 0 && latency != g.latency {
		g.latency = latency
		if g.out != nil {
			g.out.setLatency(latency)
		}
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventLatency, Latency: latency})
	}
}

// emit calls the handler unless the graph is closed.
func (g *graph) emit(e pipeline.GraphEvent) {
	g.emitting.Lock()
	defer g.emitting.Unlock()
	if !g.silent {
		g.handler.OnEvent(e)
	}
}
