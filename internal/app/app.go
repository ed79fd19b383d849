// Package app is the wiring: what exists in a running nvpipe, and in which order
// it starts and stops. It joins the parts that do not know each other: feeds,
// coordinators, processors, outputs.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/memory"
	"github.com/nvpipe/nvpipe/internal/rtspout"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// Options are what an App needs beside its config.
type Options struct {
	// Types are the processor types; nil: BuiltinTypes.
	Types Types
	// Log gets everything worth a line; nil: nothing is logged.
	Log *zap.Logger
	// OnResult gets every delivered result of every feed, in each feed's order,
	// on the coordinator's goroutine: it must not block and copies what it keeps.
	// nil: nobody asks.
	OnResult func(f *frame.Frame, findings []frame.Finding)
	// OnFatal is called when the process should end and be started again: too
	// many native calls hang, or its memory exceeds max_rss. nil: nothing happens.
	OnFatal func(error)
}

// App is one nvpipe. Start is called once; a second Stop is harmless. Everything
// else may be called from any goroutine in between.
type App struct {
	config  *config.Config
	options Options
	log     *zap.Logger
	said    *coalesce.Logger // what is not about one feed
	build   pipeline.BuildGraph
	ramp    *pipeline.Ramp // of all feeds

	processors map[string]*processor // constant after New
	eventLogs  *eventlog.Registry
	rtsp       *rtspout.Server

	outside *outside
	memory  *memory.Watch

	// change makes adding and removing feeds one at a time.
	change  sync.Mutex
	mu      sync.Mutex // guards all below
	feeds   map[frame.FeedID]*feed
	stopped bool
}

// New validates and allocates; nothing runs.
func New(c *config.Config, o Options) (*App, error) {
	if o.Types == nil {
		o.Types = BuiltinTypes()
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	a := &App{
		config: c, options: o, log: o.Log, said: coalesce.NewLogger(o.Log, coalesce.Options{}),
		build:      gstgraph.Build,
		ramp:       pipeline.NewRamp(pipeline.DefaultRamp),
		processors: map[string]*processor{},
		feeds:      map[frame.FeedID]*feed{},
	}
	a.eventLogs = eventlog.NewRegistry(eventlog.Options{OnEvent: func(e eventlog.Event) { logEventLogEvent(a.said, e) }})
	a.rtsp = rtspout.New(c.RTSP, rtspout.Hooks{
		OnDemand: a.requestKeyframe,
		OnEvent:  func(e rtspout.Event) { logStreamEvent(a.said, e) },
		NoSignal: noSignal,
	})
	for _, p := range a.usedProcessors() {
		t, ok := o.Types[p.Type]
		if !ok {
			return nil, fmt.Errorf("processor %s: there is no type %q", p.Name, p.Type)
		}
		a.processors[p.Name] = newProcessor(p, t, a.log, batchsink.Options{
			OnEvent: func(e batchsink.Event) { logBatchEvent(a.log, e) },
			OnFatal: o.OnFatal,
		})
	}
	a.outside = newOutside(a)
	a.memory = memory.New(c.Memory, memory.Options{
		OnEvent: func(e memory.Event) { a.log.Warn(string(e.Kind) + ": " + e.Text) },
		OnFatal: o.OnFatal,
	})
	return a, nil
}

// usedProcessors are those that some feed names. Without any feed all are used:
// feeds may be added while the program runs.
func (a *App) usedProcessors() []config.Processor {
	if len(a.config.Feeds) == 0 {
		return a.config.Processors
	}
	var used []config.Processor
	for _, p := range a.config.Processors {
		if slices.ContainsFunc(a.config.Feeds, func(f config.Feed) bool {
			return slices.ContainsFunc(f.Processors, func(fp config.FeedProcessor) bool { return fp.Name == p.Name })
		}) {
			used = append(used, p)
		}
	}
	return used
}

// Start starts everything, from the consumers' end. Nothing waits for a slow
// camera, model or port: those go on being tried, and are logged.
func (a *App) Start() error {
	gstgraph.Gather(a.config.Gather)
	a.memory.Start()
	a.outside.start()
	for _, p := range a.processors {
		p.start()
	}
	for _, c := range a.config.Feeds {
		if err := a.AddFeed(c); err != nil {
			return err
		}
	}
	return nil
}

// AddFeed starts one more feed. The others do not notice.
func (a *App) AddFeed(c config.Feed) error {
	a.change.Lock()
	defer a.change.Unlock()
	return a.add(c)
}

func (a *App) add(c config.Feed) error {
	a.mu.Lock()
	_, taken := a.feeds[c.ID]
	stopped := a.stopped
	a.mu.Unlock()
	switch {
	case stopped:
		return errors.New("nvpipe has been stopped")
	case taken:
		return fmt.Errorf("there is a feed %q already", c.ID)
	}
	f, err := a.newFeed(c)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.feeds[c.ID] = f
	a.mu.Unlock()
	a.memory.Settle()
	f.start()
	return nil
}

// RemoveFeed stops a feed and forgets it. The others do not notice.
func (a *App) RemoveFeed(ctx context.Context, id frame.FeedID) error {
	a.change.Lock()
	defer a.change.Unlock()
	if err := a.remove(ctx, id); err != nil {
		return err
	}
	a.rtsp.Remove(id)
	for _, p := range a.processors {
		p.forget(id)
	}
	return nil
}

// UpdateFeed replaces a feed by one that is set differently. Viewers of its
// stream stay.
func (a *App) UpdateFeed(ctx context.Context, c config.Feed) error {
	a.change.Lock()
	defer a.change.Unlock()
	if err := a.remove(ctx, c.ID); err != nil {
		return err
	}
	return a.add(c)
}

func (a *App) remove(ctx context.Context, id frame.FeedID) error {
	a.mu.Lock()
	f := a.feeds[id]
	delete(a.feeds, id)
	a.mu.Unlock()
	if f == nil {
		return fmt.Errorf("there is no feed %q", id)
	}
	err := f.stopInput(ctx)
	f.leave()
	err = errors.Join(err, f.finish(ctx))
	f.log.Close()
	return err
}

// requestKeyframe is what a new viewer needs.
func (a *App) requestKeyframe(id frame.FeedID) {
	a.mu.Lock()
	f := a.feeds[id]
	a.mu.Unlock()
	if f != nil {
		f.feed.RequestKeyframe()
	}
}

// running are the feeds in order of name.
func (a *App) running() []*feed {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]*feed, 0, len(a.feeds))
	for _, f := range a.feeds {
		all = append(all, f)
	}
	slices.SortFunc(all, func(x, y *feed) int { return cmp.Compare(x.config.ID, y.config.ID) })
	return all
}

// Snapshot is everything in figures. It stays readable after Stop.
func (a *App) Snapshot() Snapshot {
	s := Snapshot{At: time.Now(), Memory: a.memory.Figures()}
	for _, f := range a.running() {
		s.Feeds = append(s.Feeds, f.snapshot())
		for _, o := range f.outputs {
			s.addOutput(o.snapshot())
		}
	}
	for _, name := range a.processorNames() {
		s.Processors = append(s.Processors, a.processors[name].snapshot())
	}
	return s
}

func (a *App) processorNames() []string {
	names := make([]string, 0, len(a.processors))
	for name := range a.processors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// StreamURL is where a feed's annotated stream is served.
func (a *App) StreamURL(id frame.FeedID) string { return a.rtsp.URL(id) }
