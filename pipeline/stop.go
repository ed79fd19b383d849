package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

const (
	// teardownLimit bounds each step of taking a graph down. Measured, a dead
	// camera's pipeline is down in 0.1 s; beyond this it is frozen.
	teardownLimit = 2 * time.Second
	// settleLimit is how long a feed that stops by itself waits for answers: a
	// coordinator's default response timeout, and room.
	settleLimit = 8 * time.Second
)

// StopInput is the first half of stopping: from here on no frame is submitted,
// those in the slots are settled as stopped, and when it returns the graph's
// input is closed. Answers may still come and the annotated stream goes on
// until Close. Bounded by ctx. Harmless before Run, and twice.
func (f *Feed) StopInput(ctx context.Context) error {
	f.stopLanes()
	f.stopInput.make(ctx)
	return f.await(ctx, f.inputDone, "close the input")
}

// Close is the second half, for when the coordinators have settled everything:
// held frames go on, the annotated stream's last packets come out, the graph is
// freed, and Run has returned. Bounded by ctx. Without StopInput before it, it
// does both. Harmless before Run, and twice.
func (f *Feed) Close(ctx context.Context) error {
	f.stopLanes()
	f.close.make(ctx)
	f.stopInput.make(ctx)
	return f.await(ctx, f.done, "close the stream")
}

func (f *Feed) await(ctx context.Context, c <-chan struct{}, what string) error {
	if !f.running.Load() {
		return nil
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("feed %s: %s: %w", f.id, what, ctx.Err())
	}
}

// stopLanes ends submission.
func (f *Feed) stopLanes() {
	f.mu.Lock()
	defer f.unlock()
	for i := range f.lanes {
		f.let(i, f.lanes[i].stop(), frame.Stopped)
	}
	f.checkQuiet()
}

// quietened is closed when every frame that has come has its outcome.
func (f *Feed) quietened() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	quiet := make(chan struct{})
	f.quiet = quiet
	f.checkQuiet()
	return quiet
}

func (f *Feed) checkQuiet() {
	if f.quiet != nil && f.undecided() == 0 {
		close(f.quiet)
		f.quiet = nil
	}
}

// finish is the end of Run: no input, then no open questions, then no output.
func (f *Feed) finish(ctx context.Context, s *session, end ending) {
	if end.reason == ReasonShutdown {
		f.stopLanes()
	}
	if s != nil {
		s.closeInput(f.stopInput.context())
	}
	close(f.inputDone)
	f.settleDown(ctx)
	f.stopLanes()
	if s != nil {
		s.close(f.close.context())
	}
	f.tellJumps(time.Now(), true)
	f.tellViews()
	f.change(Stopped, end.reason, end.text, 0)
}

// settleDown waits for the answers that are still out. Where stopping was asked
// for in halves, the asker says when the second begins.
func (f *Feed) settleDown(ctx context.Context) {
	if f.stopInput.made() {
		select {
		case <-f.close.c:
		case <-ctx.Done():
		}
	}
	limit := time.NewTimer(settleLimit)
	defer limit.Stop()
	select {
	case <-f.quietened():
	case <-limit.C:
	case <-f.close.context().Done():
	}
}
