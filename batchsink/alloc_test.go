//go:build !race

package batchsink

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// In steady state a submission and its answer allocate nothing, waited for or
// called back, whole or in parts, with a trace or without.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	for i, policy := range append(policyNames, policyNames[0]) {
		cfg := DefaultConfig()
		cfg.Policy, cfg.MaxBatchSize = policy, 1
		if i == len(policyNames) {
			cfg.Trace, policy = filepath.Join(t.TempDir(), "trace"), policy+" with a trace"
		}
		h, err := New(context.Background(), t.Name(), cfg, func() (Processor, error) { return noop{}, nil }, Options{})
		if err != nil {
			t.Fatal(err)
		}
		answered := make(chan struct{}, 1)
		waiting, _ := h.Attach("waiting", FeedOptions{MaxParts: 3})
		called, _ := h.Attach("called", FeedOptions{Settled: func(*Ticket) { answered <- struct{}{} }})
		f, ctx, regions := benchFrame("a"), context.Background(), crops(3)
		for name, trip := range map[string]func(){
			"SubmitAndWait": func() { waiting.SubmitAndWait(ctx, f, frame.ViewState{}) },
			"Submit":        func() { called.Submit(f, frame.ViewState{}); <-answered },
			"SubmitParts": func() {
				if ticket, err := waiting.SubmitParts(f, frame.ViewState{}, regions); err == nil {
					ticket.Wait(ctx)
				}
			},
			"rejected": func() {
				// The second finds the cap reached, unless the first was quick.
				called.Submit(f, frame.ViewState{})
				if _, err := called.Submit(f, frame.ViewState{}); err == nil {
					<-answered
				}
				<-answered
			},
		} {
			for range 100 {
				trip()
			}
			if n := testing.AllocsPerRun(500, trip); n >= 1 {
				t.Errorf("%s under %s: %v allocations", name, policy, n)
			}
		}
		h.Stop(ctx)
	}
}
