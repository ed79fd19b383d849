package nvpipe_test

import (
	"context"
	"fmt"

	"github.com/nvpipe/nvpipe"
)

// brightness is a processor of our own: the mean luma of each picture.
func brightness(_ context.Context, e *nvpipe.Entry) error {
	f, luma, sum := e.Frame, e.Frame.Planes[0], 0
	for i := range f.Width * f.Height {
		sum += int(luma.Data[i/f.Width*luma.Stride+i%f.Width])
	}
	e.Output.Data = sum / (f.Width * f.Height)
	return nil
}

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	rt, err := nvpipe.New(nvpipe.Options{
		Config:     "testdata/white.yaml",
		Processors: map[string]nvpipe.Maker{"brightness": nvpipe.Each(brightness)},
		OnResult: func(f *nvpipe.Frame, findings []nvpipe.Finding) {
			if f.Seq == 5 {
				fmt.Println(f.Feed, "has brightness", findings[0].Result.Output.Data)
				cancel()
			}
		},
	})
	if err == nil {
		err = rt.Run(ctx)
	}
	fmt.Println(err)
	// Output:
	// wall has brightness 235
	// <nil>
}
