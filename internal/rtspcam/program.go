package rtspcam

import (
	"context"
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
)

// program is one source on a camera, which runs at most once.
type program struct {
	source Source
	tracks []Track
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when the source has returned
	begun  bool          // guarded by the camera's mu until end
}

func newProgram(source Source) *program {
	p := &program{source: source, tracks: source.Tracks(), done: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// begin lets the stream begin, once; with the camera's mu locked.
func (p *program) begin(c *Camera) {
	if p.begun || p.ctx.Err() != nil {
		return
	}
	p.begun = true
	go func() {
		defer close(p.done)
		err := p.source.Run(p.ctx, func(track int, u frame.Packet) { c.send(track, u) })
		if err != nil && p.ctx.Err() == nil && c.options.OnError != nil {
			c.options.OnError(fmt.Errorf("camera %s: %w", c.URL(), err))
		}
	}()
}

// end waits for the source to return. The camera is off, so it does not begin
// any more.
func (p *program) end() {
	p.cancel()
	if p.begun {
		<-p.done
	}
}

func (c *Camera) currentProgram() *program {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.program
}

func (c *Camera) setProgram(p *program) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.program, c.params = p, nil
	for _, t := range p.tracks {
		c.params = append(c.params, t.Params)
	}
}
