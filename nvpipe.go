// Package nvpipe is for programs that embed the pipeline: it runs a config, adds
// and removes feeds while running, and takes processors of your own.
//
//	rt, err := nvpipe.New(nvpipe.Options{Config: "cameras.yaml"})
//	…
//	err = rt.Run(ctx) // until ctx ends; then everything is settled and closed
//
// Your own processor is anything that implements [Processor]; for a plain
// function there are [Each] and [Batch]. Name it in Options.Processors and use
// that name as `type:` in the config. Results of all processors come to
// Options.OnResult. docs/embedding.md has a whole program.
package nvpipe

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/processors"
)

// The nouns, by the names a program needs.
type (
	// Processor runs on batches of frames of all feeds. Start, Process and Stop
	// are called on one goroutine that is locked to one OS thread.
	Processor = processors.Processor
	// Entry is one frame in a batch, or one crop of it where Region is set, and
	// the place for its result.
	Entry = frame.Entry
	// PartData is what a processor put out for one crop beside detections.
	PartData = frame.PartData
	// Frame is one decoded picture, valid while the call that got it runs; to
	// keep it, Retain and Release.
	Frame = frame.Frame
	// Finding is one processor's result for a frame.
	Finding = frame.Finding
	// Detection is one thing found, with its box normalised to 0–1.
	Detection = frame.Detection
	// Box is [x_min, y_min, x_max, y_max], 0–1 of the picture.
	Box = frame.Box
	// FeedID is a feed's name.
	FeedID = frame.FeedID
	// Snapshot is the running program in figures.
	Snapshot = app.Snapshot
)

// Maker makes processors: one per instance, and another one after a processor
// was lost.
type Maker func() (Processor, error)

// Each is for a processor that is a function of one entry, without state. An
// error fails that entry alone.
func Each(f func(ctx context.Context, e *Entry) error) Maker {
	return func() (Processor, error) { return processors.Each(f), nil }
}

// Batch is for a processor that is a function of a whole batch, without state.
// An error fails the whole batch; set an entry's Err to fail it alone.
func Batch(f func(ctx context.Context, batch []Entry) error) Maker {
	return func() (Processor, error) { return processors.Func(f), nil }
}

// Options are what a Runtime is made of.
type Options struct {
	// Config is the path of the pipeline config.
	Config string
	// Processors are your own types of processors by name: the value of `type:`
	// in the config.
	Processors map[string]Maker
	// OnResult gets every delivered result: per feed and processor in order of
	// the frames. It runs on the processor's goroutine: it must not block, and
	// copies or retains what it keeps. nil: nobody asks.
	OnResult func(f *Frame, findings []Finding)
	// OnFatal is called when the process should end and be started again,
	// because too many native calls hang or its memory exceeds max_rss. It must
	// not wait for the end. nil: Run returns the error.
	OnFatal func(error)
	// Log gets what an operator should see; nil: nothing is logged.
	Log *zap.Logger
}

// Runtime is one nvpipe inside a program. Its methods may be called from any
// goroutine between the start of Run and its return.
type Runtime struct {
	config *config.Config
	app    *app.App
	fatal  chan error
}

// StopLimit is how long Run takes to return after its context has ended, at
// most.
const StopLimit = 10 * time.Second

// New reads and checks the config; nothing runs. The error has every mistake,
// each with file, line and column.
func New(o Options) (*Runtime, error) {
	own := app.Types{}
	for name, make := range o.Processors {
		own[name] = app.OwnType(make)
	}
	types := app.BuiltinTypes().With(own)
	c, err := config.Load(o.Config, config.Options{Processors: types.Registry()})
	if err != nil {
		return nil, err
	}
	rt := &Runtime{config: c, fatal: make(chan error, 1)}
	if o.OnFatal == nil {
		o.OnFatal = func(err error) {
			select {
			case rt.fatal <- err:
			default: // it ends already
			}
		}
	}
	rt.app, err = app.New(c, app.Options{Types: types, Log: o.Log, OnResult: o.OnResult, OnFatal: o.OnFatal})
	return rt, err
}

// Run runs until ctx ends, and then stops within StopLimit: every frame is
// settled and every file finished. The error says what could not be started or
// had to be abandoned. It is called once.
func (rt *Runtime) Run(ctx context.Context) error {
	if err := rt.app.Start(); err != nil {
		return err
	}
	var fatal error
	select {
	case <-ctx.Done():
	case fatal = <-rt.fatal:
	}
	within, cancel := context.WithTimeout(context.Background(), StopLimit)
	defer cancel()
	if err := rt.app.Stop(within); err != nil {
		return err
	}
	return fatal
}

// AddFeed adds a feed while it runs. The text is what would stand under feeds: in
// the config, for one feed, whose defaults it inherits:
//
//	front-door:
//	  url: rtsp://192.0.2.10/stream1
//
// The other feeds do not notice. The error has every mistake, with its line.
func (rt *Runtime) AddFeed(text string) error {
	f, err := rt.config.ParseFeed(text)
	if err != nil {
		return err
	}
	return rt.app.AddFeed(f)
}

// UpdateFeed replaces the feed of that id. Viewers of its stream stay.
func (rt *Runtime) UpdateFeed(ctx context.Context, text string) error {
	f, err := rt.config.ParseFeed(text)
	if err != nil {
		return err
	}
	return rt.app.UpdateFeed(ctx, f)
}

// RemoveFeed stops a feed and forgets it; its books are closed exactly.
func (rt *Runtime) RemoveFeed(ctx context.Context, id FeedID) error {
	return rt.app.RemoveFeed(ctx, id)
}

// Snapshot is everything in figures, also after Run.
func (rt *Runtime) Snapshot() Snapshot { return rt.app.Snapshot() }

// StreamURL is where a feed's annotated stream is served, without credentials.
func (rt *Runtime) StreamURL(id FeedID) (string, error) {
	for _, f := range rt.app.Snapshot().Feeds {
		if f.ID == id {
			return rt.app.StreamURL(id), nil
		}
	}
	return "", fmt.Errorf("there is no feed %q", id)
}
