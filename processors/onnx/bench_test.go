package onnx

import (
	"context"
	"fmt"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// BenchmarkProcess is a whole batch: letterbox, inference, boxes.
func BenchmarkProcess(b *testing.B) {
	for _, threads := range []int{1, 2} {
		for _, size := range []int{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("threads=%d/batch=%d", threads, size), func(b *testing.B) {
				cfg := config(b, dynamicModel)
				cfg.Threads = threads
				p := started(b, cfg, Options{MaxBatch: size})
				frames := make([]*frame.Frame, size)
				for i := range frames {
					frames[i] = processortest.Frame(640, 360, frame.I420, processortest.Noise(uint64(i)))
				}
				batch := entries(frames...)
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Process(context.Background(), batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "µs/picture")
			})
		}
	}
}
