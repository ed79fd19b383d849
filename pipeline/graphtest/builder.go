package graphtest

import (
	"sync"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Builder makes graphs; its Build is a pipeline.BuildGraph.
type Builder struct {
	// Faults gives the n-th graph, from 0, its faults; nil: none.
	Faults func(n int) Faults
	// Pool is where the graphs' frames come from.
	Pool Pool

	mu     sync.Mutex
	graphs []*Graph
	tries  int
}

// Build implements pipeline.BuildGraph.
func (b *Builder) Build(src pipeline.Source, s pipeline.GraphSettings, h pipeline.GraphHandler) (pipeline.Graph, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var faults Faults
	if b.Faults != nil {
		faults = b.Faults(b.tries)
	}
	b.tries++
	if faults.Build != nil {
		return nil, faults.Build
	}
	g := &Graph{Source: src, Settings: s, handler: h, faults: faults, pool: &b.Pool, thaw: make(chan struct{})}
	b.graphs = append(b.graphs, g)
	return g, nil
}

// Last is the newest graph, or nil.
func (b *Builder) Last() *Graph {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.graphs) == 0 {
		return nil
	}
	return b.graphs[len(b.graphs)-1]
}

// Graphs are all graphs made so far.
func (b *Builder) Graphs() []*Graph {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*Graph(nil), b.graphs...)
}

// Tries is how often Build was called.
func (b *Builder) Tries() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tries
}

// Decoded is what all graphs counted together.
func (b *Builder) Decoded() uint64 {
	var n uint64
	for _, g := range b.Graphs() {
		n += g.Counts().Decoded
	}
	return n
}

// Pool lends frames and knows how many are out. Like a decoder's, it uses them
// again, so that a frame kept too long changes under its keeper.
type Pool struct {
	mu   sync.Mutex
	free []*frame.Frame
	out  int
	most int
	take func(*frame.Frame) // put, made once: a frame costs no allocation
}

func (p *Pool) get() *frame.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.take == nil {
		p.take = p.put
	}
	p.out++
	p.most = max(p.most, p.out)
	if n := len(p.free); n > 0 {
		f := p.free[n-1]
		p.free = p.free[:n-1]
		f.Seq, f.Suspect = 0, false
		f.Init(p.take)
		return f
	}
	f := &frame.Frame{}
	f.Init(p.take)
	return f
}

func (p *Pool) put(f *frame.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	p.free = append(p.free, f)
}

// Out is the number of frames that somebody holds.
func (p *Pool) Out() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out
}

// Most is the largest Out has been.
func (p *Pool) Most() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most
}
