package processortest

import (
	"context"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// Processor is the method set of processors.Processor, repeated here so that a
// processor's own package can be tested without importing that one.
type Processor interface {
	Start(ctx context.Context) error
	Process(ctx context.Context, batch []frame.Entry) error
	Stop() error
	Traits() frame.Traits
}

// Factory makes a processor that has not been started. The suite makes many,
// one after another.
type Factory func() (Processor, error)

// Options fit the suite to a processor. The zero value is right for most.
type Options struct {
	// MaxBatch is the largest batch tried on a processor that declares no
	// sizes; 0: 8.
	MaxBatch int
	// Tolerance is by how much confidences and coordinates may differ between
	// two runs on the same pictures; 0: 1e-4, for arithmetic whose order
	// depends on the batch.
	Tolerance float64
	// Picture draws a feed's pictures, the first being 0; nil: noise. Give
	// pictures on which the processor finds something, or its boxes are not
	// tested. Sizes vary from 1×1 to 1919×1079.
	Picture func(n int) Fill
	// LargestWidth bounds the pictures tried, for slow processors; 0: 1920.
	LargestWidth int
}

func (o Options) orDefaults() Options {
	if o.MaxBatch == 0 {
		o.MaxBatch = 8
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-4
	}
	if o.Picture == nil {
		o.Picture = func(n int) Fill { return Noise(uint64(n)) }
	}
	if o.LargestWidth == 0 {
		o.LargestWidth = 1920
	}
	return o
}

// Run is RunOptions with the zero options.
func Run(t *testing.T, newProcessor Factory) {
	t.Helper()
	RunOptions(t, newProcessor, Options{})
}

// RunOptions tests that the processors that newProcessor makes keep the
// contract of package processors: one subtest per promise.
func RunOptions(t *testing.T, newProcessor Factory, o Options) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(newProcessor, o.orDefaults()); err != nil {
				t.Error(err)
			}
		})
	}
}

// batchSizes are those to try: every one that is declared, else 1 to MaxBatch.
func batchSizes(t frame.Traits, o Options) []int {
	if len(t.BatchSizes) > 0 {
		return slices.Clone(t.BatchSizes)
	}
	all := make([]int, o.MaxBatch)
	for i := range all {
		all[i] = i + 1
	}
	return all
}
