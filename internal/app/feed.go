package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/rtspout"
	"github.com/nvpipe/nvpipe/pipeline"
)

// feed is one configured camera with everything that belongs to it alone.
type feed struct {
	config config.Feed
	feed   *pipeline.Feed
	lanes  []*lane
	// joined are the processors of the lanes, in the same order.
	joined  []*processor
	stream  *rtspout.Stream // nil without a stream
	outputs []output
	events  []*eventlog.Writer // those of the outputs that get lines about the feed
	log     *coalesce.Logger

	cancel context.CancelFunc
	done   chan struct{} // closed when the feed's Run has returned
}

// output is a continuation that has to be closed: it finishes what it writes.
type output interface {
	Close(ctx context.Context) error
	snapshot() OutputSnapshot
}

// newFeed makes a feed that is joined with its outputs and processors and does
// not run yet. On an error nothing of it is left.
func (a *App) newFeed(c config.Feed) (_ *feed, err error) {
	f := &feed{
		config: c, done: make(chan struct{}),
		log: coalesce.NewLogger(a.log.With(zap.String("feed", string(c.ID))), coalesce.Options{}),
	}
	defer func() {
		if err != nil {
			f.closeOutputs(context.Background())
			f.log.Close()
		}
	}()
	s := pipeline.Settings{
		Source:     c.Source,
		Graph:      a.graphSettings(c),
		Build:      a.build,
		Ramp:       a.ramp,
		View:       viewOf(c),
		LookupHost: net.DefaultResolver.LookupHost,
		OnEvent: func(e pipeline.Event) {
			f.tell(e)
			f.tellView(e)
			logFeedEvent(f.log, c.Source, e)
		},
	}
	if a.options.OnResult != nil {
		s.Taps = append(s.Taps, resultTap{a.options.OnResult})
	}
	if err := a.addOutputs(f, &s); err != nil {
		return nil, err
	}
	for i, want := range c.Processors {
		p := a.processors[want.Name]
		if p == nil {
			return nil, fmt.Errorf("feed %s: there is no processor %q", c.ID, want.Name)
		}
		own := want.ProcessorConfig
		if own.MaxInFlight == 0 {
			own.MaxInFlight = p.config.Batch.MaxInFlightPerFeed
		}
		l := &lane{index: i, weight: cmp.Or(want.Weight, 1), log: f.log, opts: batchsink.FeedOptions{MaxInFlight: own.MaxInFlight, Weight: want.Weight}}
		if own.Crops.Of != "" {
			l.opts.MaxParts = own.Crops.Most
		}
		f.lanes, f.joined = append(f.lanes, l), append(f.joined, p)
		s.Processors = append(s.Processors, pipeline.Processor{Name: want.Name, Batcher: l, Config: own})
	}
	if f.feed, err = pipeline.New(c.ID, c.Config, s); err != nil {
		return nil, err
	}
	for _, l := range f.lanes {
		l.feed = f.feed
	}
	return f, nil
}

// start joins the processors and lets the camera run.
func (f *feed) start() {
	for i, l := range f.lanes {
		f.joined[i].join(l)
	}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(f.done)
		f.feed.Run(ctx)
	}()
}

// tell lets the coordinators know whether frames are to be expected: a camera
// that is not there is not waited for, and one that is back has a rhythm of its
// own again.
func (f *feed) tell(e pipeline.Event) {
	if e.Type != pipeline.StateChanged {
		return
	}
	for _, l := range f.lanes {
		if e.To == pipeline.Connecting {
			l.reconnected()
		}
		l.setLive(e.To == pipeline.Live)
	}
}

// stopInput ends the first half: no frame is submitted after it.
func (f *feed) stopInput(ctx context.Context) error { return f.feed.StopInput(ctx) }

// finish ends the second half: what is held goes on, the graph is closed, the
// outputs finish their files.
func (f *feed) finish(ctx context.Context) error {
	err := f.feed.Close(ctx)
	select {
	case <-f.done:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("feed %s has not ended: %w", f.config.ID, ctx.Err()))
	}
	f.cancel()
	return errors.Join(err, f.closeOutputs(ctx))
}

// leave settles what is under way at the processors and forgets the feed there.
func (f *feed) leave() {
	for i, l := range f.lanes {
		f.joined[i].leave(l)
	}
}

func (f *feed) closeOutputs(ctx context.Context) error {
	errs := make([]error, len(f.outputs))
	inParallel(f.outputs, func(i int, o output) { errs[i] = o.Close(ctx) })
	return errors.Join(errs...)
}

func (f *feed) snapshot() FeedSnapshot {
	s := FeedSnapshot{
		ID: f.config.ID, Status: f.feed.Status(), Stats: f.feed.Stats(),
		Decoded: f.feed.Decoded(), Pending: f.feed.Pending(),
	}
	for i, p := range f.config.Processors {
		s.Processors = append(s.Processors, FeedProcessorSnapshot{Name: p.Name, Of: p.Crops.Of, Ledger: f.feed.Ledger(i), Crops: f.feed.Crops(i), Target: f.feed.Target(i)})
	}
	if f.stream != nil {
		s.Viewers = f.stream.Stats().Viewers
	}
	return s
}

// resultTap hands delivered results to the embedding program.
type resultTap struct {
	take func(*frame.Frame, []frame.Finding)
}

func (t resultTap) Deliver(f *frame.Frame, findings []frame.Finding) { t.take(f, findings) }
