package batchsink

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
)

// Processor does the work on batches. Start, Process and Stop run on one
// goroutine locked to one OS thread, never two at a time, so a processor needs
// no locks and may keep thread-bound native contexts.
type Processor interface {
	// Start may be slow: it loads models and warms up. Its context ends after
	// startup_timeout. If it fails, Stop is not called.
	Start(ctx context.Context) error
	// Process sets Output or Err of each entry; an error returned fails the
	// whole batch. The slice, and the planes of its frames, are valid until
	// Process returns. Its context ends when nobody waits for it any more: the
	// call has hung or the coordinator is out of time.
	Process(ctx context.Context, batch []frame.Entry) error
	// Stop is called once after a successful Start, when every entry is settled.
	Stop() error
	// Traits is constant and callable before Start.
	Traits() frame.Traits
}

// Factory makes one processor. It is called once per instance, and again on a
// fresh thread whenever an instance has been lost.
type Factory func() (Processor, error)

// PanicError is a panic in a processor, contained.
type PanicError struct {
	// Where is the method that panicked: "Process".
	Where string
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("processor panicked in %s: %v", e.Where, e.Value)
}

// contain turns a panic of call into a PanicError.
func contain(where string, call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{where, v, debug.Stack()}
		}
	}()
	return call()
}

// build calls the factory with its panics contained.
func (f Factory) build() (p Processor, err error) {
	err = contain("its factory", func() (err error) {
		p, err = f()
		return err
	})
	if err == nil && p == nil {
		err = errors.New("the factory returned no processor")
	}
	return p, err
}

// shape is the batch sizes that a processor accepts.
type shape struct {
	// sizes are ascending; empty: any.
	sizes []int
	// largest is the most entries taken into one batch.
	largest int
}

func newShape(t frame.Traits, maxBatch int) (shape, error) {
	if len(t.BatchSizes) == 0 {
		return shape{largest: maxBatch}, nil
	}
	if !slices.IsSorted(t.BatchSizes) || t.BatchSizes[0] < 1 {
		return shape{}, fmt.Errorf("processor declares batch sizes %v: they must be positive and ascending", t.BatchSizes)
	}
	largest := 0
	for _, s := range t.BatchSizes {
		if s <= maxBatch {
			largest = s
		}
	}
	if largest == 0 {
		return shape{}, fmt.Errorf("max_batch_size: is %d, but the processor accepts only batches of %v", maxBatch, t.BatchSizes)
	}
	return shape{slices.Clone(t.BatchSizes), largest}, nil
}

// padded is the size of the call that carries n entries.
func (s shape) padded(n int) int {
	for _, size := range s.sizes {
		if size >= n {
			return size
		}
	}
	return n
}
