package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// The budget of Stop, 10 s in all: each step has its own limit, so that one
// that hangs leaves time for those after it.
const (
	inputLimit   = 1200 * time.Millisecond // no frame comes any more
	settleLimit  = 8 * time.Second         // everything is settled, processors stop, graphs and files are closed
	outsideLimit = 500 * time.Millisecond  // viewers and scrapers are sent away
)

// Stop ends everything, in two halves because the data comes back to where it
// came from: feeds stop their input; then coordinators settle what they have and
// stop their processors, while each feed drains as soon as it has all its
// answers. It takes at most 10 s and returns what had to be abandoned. ctx
// shortens that.
func (a *App) Stop(ctx context.Context) error {
	a.change.Lock()
	defer a.change.Unlock()
	a.mu.Lock()
	a.stopped = true
	a.mu.Unlock()
	a.memory.Stop()

	feeds := a.running()
	errs := []error{
		within(ctx, inputLimit, func(ctx context.Context) error {
			return each(feeds, func(f *feed) error { return f.stopInput(ctx) })
		}),
		within(ctx, settleLimit, func(ctx context.Context) error { return a.settle(ctx, feeds) }),
		within(ctx, outsideLimit, a.outside.stop),
	}
	for _, f := range feeds {
		f.log.Close()
	}
	a.said.Close()
	err := errors.Join(errs...)
	if err != nil {
		a.log.Warn("stopped, but something had to be abandoned", zap.Error(err))
	}
	return err
}

// settle stops coordinators and feeds side by side: a feed's finish waits for
// its last answer by itself, and need not wait for a processor's slow Stop.
func (a *App) settle(ctx context.Context, feeds []*feed) error {
	processors := make([]*processor, 0, len(a.processors))
	for _, name := range a.processorNames() {
		processors = append(processors, a.processors[name])
	}
	stopped := make(chan error, 1)
	go func() {
		stopped <- each(processors, func(p *processor) error { return p.stop(ctx) })
	}()
	err := each(feeds, func(f *feed) error { return f.finish(ctx) })
	return errors.Join(err, <-stopped)
}

// each calls f for all items at once and joins their errors.
func each[T any](items []T, f func(T) error) error {
	errs := make([]error, len(items))
	inParallel(items, func(i int, item T) { errs[i] = f(item) })
	return errors.Join(errs...)
}

func within(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return f(ctx)
}
