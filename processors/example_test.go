package processors_test

import (
	"context"
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// A function of your own, given one picture at a time, as a processor: it says
// when somebody has covered the camera.
func ExampleEach() {
	covered := processors.Each(func(_ context.Context, e *frame.Entry) error {
		luma, sum := e.Frame.Planes[0], 0
		for y := range e.Frame.Height {
			for _, sample := range luma.Data[y*luma.Stride:][:e.Frame.Width] {
				sum += int(sample)
			}
		}
		if sum/(e.Frame.Width*e.Frame.Height) < 24 {
			e.Output.Detections = []frame.Detection{{
				Class: -1, Label: "covered", Confidence: 1, Box: frame.Box{XMax: 1, YMax: 1},
			}}
		}
		return nil
	})

	batch := []frame.Entry{
		{Frame: processortest.Frame(640, 360, frame.NV12, processortest.Gray(120))},
		{Frame: processortest.Frame(1280, 720, frame.I420, processortest.Gray(17))},
	}
	if err := covered.Process(context.Background(), batch); err != nil {
		fmt.Println(err)
	}
	for i, e := range batch {
		fmt.Println(i, e.Output.Detections)
	}
	// Output:
	// 0 []
	// 1 [{-1 covered 1 {0 0 1 1} 0}]
}

// A detector, and after it a filter of your own, as one processor.
func ExampleChain() {
	detector := processors.Each(func(_ context.Context, e *frame.Entry) error {
		e.Output.Detections = []frame.Detection{{Label: "person", Confidence: .9}, {Label: "person", Confidence: .2}}
		return nil
	})
	sureOnly := processors.Each(func(_ context.Context, e *frame.Entry) error {
		kept := e.Output.Detections[:0]
		for _, d := range e.Output.Detections {
			if d.Confidence >= .5 {
				kept = append(kept, d)
			}
		}
		e.Output.Detections = kept
		return nil
	})
	both, err := processors.Chain(detector, sureOnly)
	if err != nil {
		fmt.Println(err)
		return
	}

	batch := []frame.Entry{{Frame: processortest.Frame(64, 64, frame.I420, processortest.Gray(0))}}
	if err := both.Process(context.Background(), batch); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(batch[0].Output.Detections), "sure")
	// Output: 1 sure
}
