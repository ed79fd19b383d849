package detect

import (
	"context"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Runner runs a model on a batch. It is all that a runtime has to bring.
type Runner interface {
	// Run infers the first n pictures of t; n is one of the sizes that the
	// plan allows. The outputs are one for each of the plan's, in its order,
	// with n as the first dimension. They lie in Go's memory and are read, on
	// any goroutine and also after the Runner was closed, until t runs again:
	// those of different trays do not share memory. They may be anything a
	// model can say: Detector checks them.
	//
	// A Detector has a few trays, and may bring those of another detector of
	// the same plan.
	Run(ctx context.Context, t *Tray, n int) ([]tensor.Tensor, error)
}
