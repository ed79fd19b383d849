package processors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
)

// Chain makes one processor of several, which run in order on the same batch.
// Each sees in an entry's Output what those before it found, and may add to
// it, change it or replace it: a detector, then a filter of your own. An entry
// that one of them failed stays failed; an error of one of them fails the
// batch and the rest do not run.
//
// What a part leaves to be finished ([frame.Entry].Finish) is finished before
// the next part runs; the last one's is left to the caller. If one part can
// work ahead on entries (it has a method Prepare), so can the chain.
//
// It starts in order and stops in reverse. It is stateful if one of them is
// and takes the batch sizes that all of them take; it is an error if there is
// none. A chain of nothing is a [Nop].
func Chain(parts ...Processor) (Processor, error) {
	c := &chain{parts: slices.Clone(parts)}
	for i, p := range parts {
		t := p.Traits()
		c.traits.Stateful = c.traits.Stateful || t.Stateful
		sizes, ok := commonSizes(c.traits.BatchSizes, t.BatchSizes)
		if !ok {
			return nil, fmt.Errorf("processors: no batch size suits the whole chain: part %d (%T) takes %v, those before it %v",
				i+1, p, t.BatchSizes, c.traits.BatchSizes)
		}
		c.traits.BatchSizes = sizes
	}
	return c.withPrepare(), nil
}

// Preparer is what a processor may be too: it can work ahead on entries that
// wait for their batch. See [frame.Prepared].
type Preparer interface {
	// Prepare returns what it made of the entry, of which it keeps nothing;
	// nil: there is no room now. It is called for several entries at once, on
	// any goroutine, also during Process and after Stop.
	Prepare(e *frame.Entry) frame.Prepared
}

// preparingChain is a chain of which one part works ahead.
type preparingChain struct {
	*chain
	Preparer
}

// withPrepare is the chain, with Prepare if just one part has it: an entry has
// room for what one has prepared.
func (c *chain) withPrepare() Processor {
	var only Preparer
	for _, part := range c.parts {
		p, ok := part.(Preparer)
		if ok && only != nil {
			return c
		}
		if ok {
			only = p
		}
	}
	if only == nil {
		return c
	}
	return &preparingChain{c, only}
}

// commonSizes treats an empty list as "any size".
func commonSizes(a, b []int) (common []int, ok bool) {
	if len(a) == 0 {
		return slices.Clone(b), true
	}
	if len(b) == 0 {
		return a, true
	}
	common = slices.DeleteFunc(slices.Clone(a), func(n int) bool { return !slices.Contains(b, n) })
	return common, len(common) > 0
}

type chain struct {
	parts   []Processor
	traits  frame.Traits
	started int
	failed  []error // of the batch in hand, by entry
}

func (c *chain) Traits() frame.Traits {
	return frame.Traits{Stateful: c.traits.Stateful, BatchSizes: slices.Clone(c.traits.BatchSizes)}
}

func (c *chain) Start(ctx context.Context) error {
	ready := false
	// Deferred, so that a part that panics does not leave the others running.
	defer func() {
		if !ready {
			_ = c.Stop()
		}
	}()
	for i, p := range c.parts {
		if err := p.Start(ctx); err != nil {
			return fmt.Errorf("start part %d of the chain: %w", i+1, err)
		}
		c.started++
	}
	ready = true
	return nil
}

func (c *chain) Process(ctx context.Context, batch []frame.Entry) error {
	c.failed = slices.Grow(c.failed[:0], len(batch))[:len(batch)]
	defer clear(c.failed)
	for i, p := range c.parts {
		if err := p.Process(ctx, batch); err != nil {
			return fmt.Errorf("part %d of the chain: %w", i+1, err)
		}
		if i < len(c.parts)-1 {
			finish(batch)
		}
		c.keepFailed(batch)
	}
	return nil
}

// finish makes what a part has left undone visible to the next.
func finish(batch []frame.Entry) {
	for i := range batch {
		e := &batch[i]
		if f := e.Finish; f != nil {
			e.Finish = nil
			f.Finish(e)
		}
	}
}

// keepFailed makes sure that a later part cannot revive an entry.
func (c *chain) keepFailed(batch []frame.Entry) {
	for i := range batch {
		if c.failed[i] == nil {
			c.failed[i] = batch[i].Err
		}
		batch[i].Err = c.failed[i]
		if f := batch[i].Finish; f != nil && batch[i].Err != nil {
			batch[i].Finish = nil
			f.Release()
		}
	}
}

func (c *chain) Stop() (err error) {
	if c.started == 0 {
		return nil
	}
	// Deferred, so that a part that panics does not keep the others running.
	defer func() { err = errors.Join(err, c.Stop()) }()
	c.started--
	if err := c.parts[c.started].Stop(); err != nil {
		return fmt.Errorf("stop part %d of the chain: %w", c.started+1, err)
	}
	return nil
}
