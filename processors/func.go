package processors

import (
	"context"

	"github.com/nvpipe/nvpipe/frame"
)

// Func makes a processor of a function: stateless, for batches of any size,
// with nothing to start or stop. The function keeps the contract of
// [Processor]'s Process.
type Func func(ctx context.Context, batch []frame.Entry) error

// Start does nothing.
func (Func) Start(context.Context) error { return nil }

// Process calls f.
func (f Func) Process(ctx context.Context, batch []frame.Entry) error { return f(ctx, batch) }

// Stop does nothing.
func (Func) Stop() error { return nil }

// Traits are those of a stateless processor.
func (Func) Traits() frame.Traits { return frame.Traits{} }

// Each makes a processor of a function that looks at one entry at a time. An
// error that it returns fails that entry and no other.
func Each(f func(ctx context.Context, e *frame.Entry) error) Func {
	return func(ctx context.Context, batch []frame.Entry) error {
		for i := range batch {
			if err := f(ctx, &batch[i]); err != nil {
				batch[i].Err = err
			}
		}
		return nil
	}
}
