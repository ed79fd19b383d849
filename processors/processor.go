package processors

import (
	"context"

	"github.com/nvpipe/nvpipe/frame"
)

// Processor finds something in batches of pictures. The package comment has
// the contract: goroutine, order of calls, ownership.
type Processor interface {
	// Start makes the processor ready: loads a model, warms it up. It may be
	// slow; it gives up when ctx ends. After an error there is nothing to stop.
	Start(ctx context.Context) error

	// Process looks at every entry and sets its Output (left alone: nothing
	// found) or its Err. The batch has 1 or more entries, of a size that Traits
	// allows; entries may be of different feeds, sizes and formats, and a feed
	// may be there more than once, its older frame first. Boxes are 0–1 of the
	// entry's own picture with min < max, confidences 0–1. An error fails the
	// whole batch. ctx ends when nobody waits for the answer any more.
	Process(ctx context.Context, batch []frame.Entry) error

	// Stop frees everything. It returns when nothing of the processor runs.
	Stop() error

	// Traits never changes over the processor's life.
	Traits() frame.Traits
}
