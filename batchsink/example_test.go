package batchsink_test

import (
	"context"
	"fmt"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
)

// counter is a processor that finds as many things in a frame as its number.
type counter struct{}

func (counter) Start(context.Context) error { return nil }
func (counter) Stop() error                 { return nil }
func (counter) Traits() frame.Traits        { return frame.Traits{} }
func (counter) Process(_ context.Context, batch []frame.Entry) error {
	for i := range batch {
		batch[i].Output.Detections = make([]frame.Detection, batch[i].Frame.Seq)
	}
	return nil
}

func Example() {
	ctx := context.Background()
	newProcessor := func() (batchsink.Processor, error) { return counter{}, nil }
	h, err := batchsink.New(ctx, "counter", batchsink.DefaultConfig(), newProcessor, batchsink.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Stop(ctx)

	p, err := h.Attach("gate", batchsink.FeedOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for seq := range uint64(3) {
		f := &frame.Frame{Feed: "gate", Seq: seq}
		f.Init(nil)
		r, err := p.SubmitAndWait(ctx, f, frame.ViewState{})
		f.Release()
		fmt.Println(r.Outcome, len(r.Output.Detections), err)
	}
	// Output:
	// delivered 0 <nil>
	// delivered 1 <nil>
	// delivered 2 <nil>
}
