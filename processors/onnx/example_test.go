package onnx_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// A detector without a coordinator: one goroutine that starts it, hands it
// batches and stops it.
func Example() {
	cfg := onnx.DefaultConfig()
	cfg.Model = "yolox_nano.onnx"
	cfg.Classes = []string{"person", "car"}
	detector, err := onnx.New(cfg, onnx.Options{MaxBatch: 8, OnNotice: func(text string) { log.Print(text) }})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := detector.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer detector.Stop()

	var pictures []*frame.Frame // decoded I420 or NV12, of any sizes
	batch := make([]frame.Entry, len(pictures))
	for i, f := range pictures {
		batch[i].Frame = f
	}
	if err := detector.Process(ctx, batch); err != nil {
		log.Fatal(err)
	}
	for _, e := range batch {
		for _, d := range e.Output.Detections {
			fmt.Println(e.Frame.Feed, d.Label, d.Confidence, d.Box)
		}
	}
}
