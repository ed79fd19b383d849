package gstgraph

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// panics keeps the first panic of a graph's callbacks for its goroutine.
type panics struct {
	mu  sync.Mutex
	err error
}

func (p *panics) put(callback string, value any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("panic in the %s callback: %v\n%s", callback, value, debug.Stack())
	}
}

func (p *panics) take() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.err
	p.err = nil
	return err
}
