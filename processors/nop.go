package processors

import (
	"context"

	"github.com/nvpipe/nvpipe/frame"
)

// Nop finds nothing in any picture, at no cost. Everything around a processor
// can be measured with it.
type Nop struct{}

// Start does nothing.
func (Nop) Start(context.Context) error { return nil }

// Process leaves every entry as it is: an empty output.
func (Nop) Process(context.Context, []frame.Entry) error { return nil }

// Stop does nothing.
func (Nop) Stop() error { return nil }

// Traits are those of a stateless processor.
func (Nop) Traits() frame.Traits { return frame.Traits{} }
