package batchsink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
	"github.com/nvpipe/nvpipe/frame"
)

// Options are what the program passes in besides the configuration.
type Options struct {
	// OnEvent gets health events, one at a time, from the coordinator's own
	// goroutine. It must not block, nor call Stop.
	OnEvent func(Event)
	// OnFatal is called once when more than max_stuck native calls hang: the
	// program should exit with 1 so that its supervisor starts it afresh.
	OnFatal func(error)
}

// Handle is what feeds hold of a coordinator. It outlives the loss and the
// replacement of the processor behind it.
type Handle struct {
	id      string
	cfg     Config
	factory Factory
	opts    Options
	traits  frame.Traits
	shape   shape
	// patience is how long an entry waits for its answer.
	patience time.Duration
	epoch    time.Time
	trace    *trace.Recorder // nil: none is kept

	// mu guards everything below, and all of feed, lane, instance and worker
	// that is not said to be otherwise. It is held for moments only: never
	// during Process, a callback or a wait.
	mu        sync.Mutex
	lanes     []*lane
	workers   map[*worker]struct{} // threads neither gone nor given up
	feeds     map[frame.FeedID]*feed
	unsettled ticketList // accepted, in order of submission and so of deadline
	known     int        // feeds ever
	unsent    int        // accepted tickets whose answer was not sent yet
	free      *Ticket

	// What the attached feeds add up to.
	attached, depths, capacity int

	// Starting.
	started chan error // one place, for New
	told    bool       // New has its answer
	up      bool       // every instance has started once

	// Stopping.
	stopping           bool
	answersBy, closeBy time.Duration
	quiet              chan struct{} // closed when all is answered
	hushed             bool
	done               chan struct{} // closed when nothing is left to do
	leftovers          []error       // calls that were abandoned

	// What the helpers do: work wakes them, and who waits for them.
	work       *sync.Cond
	helpers    int
	unfinished []unfinished
	loose      []releaser

	// What the owner goroutine sleeps on, and has to tell.
	timer     *time.Timer
	armed     time.Duration
	events    []Event
	reports   []*report
	fatal     error
	fatalTold bool

	figures
}

// figures are what Stats reports of the coordinator as a whole.
type figures struct {
	batchReport                         report
	batches                             [NumReasons]uint64
	retries                             uint64
	smallest, largest                   int
	losses, stuck                       int
	ahead                               uint64
	size, formation, processing, answer histogram
	forgotten                           Counts // of feeds that are no more
}

func newFigures() figures {
	return figures{
		batchReport: report{kind: BatchError},
		size:        histogram{bounds: &sizeBounds},
		formation:   histogram{bounds: &latencyBounds},
		processing:  histogram{bounds: &latencyBounds},
		answer:      histogram{bounds: &latencyBounds},
	}
}

// ids are the processor ids in use.
var ids sync.Map

// New makes a coordinator and waits until its processors have started; ctx
// bounds that wait and nothing else. If it fails, every processor that did start
// has been stopped, or is reported as abandoned.
func New(ctx context.Context, id string, cfg Config, factory Factory, opts Options) (*Handle, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("processor %s: %w", id, err)
	}
	if _, taken := ids.LoadOrStore(id, true); taken {
		return nil, fmt.Errorf("processor %s: %w", id, ErrDuplicate)
	}
	h, processors, err := allocate(id, cfg, factory, opts)
	if err != nil {
		ids.Delete(id)
		return nil, fmt.Errorf("processor %s: %w", id, err)
	}
	h.launch(processors)
	select {
	case err = <-h.started:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("processor %s: %w", id, errors.Join(err, h.Stop(ctx)))
	}
	return h, nil
}

// allocate makes the coordinator and its processors, and starts nothing.
func allocate(id string, cfg Config, factory Factory, opts Options) (*Handle, []Processor, error) {
	processors := make([]Processor, cfg.Instances)
	for i := range processors {
		p, err := factory.build()
		if err != nil {
			return nil, nil, err
		}
		processors[i] = p
	}
	traits := processors[0].Traits()
	shape, err := newShape(traits, cfg.MaxBatchSize)
	if err != nil {
		return nil, nil, err
	}
	h := &Handle{
		id: id, cfg: cfg, factory: factory, opts: opts, traits: traits, shape: shape,
		patience: cfg.latency() + cfg.ResponseTimeout,
		epoch:    time.Now(),
		workers:  map[*worker]struct{}{},
		feeds:    map[frame.FeedID]*feed{},
		started:  make(chan error, 1),
		quiet:    make(chan struct{}),
		done:     make(chan struct{}),
		timer:    stoppedTimer(),
		armed:    never,
		capacity: cfg.capacity(0),
		figures:  newFigures(),
	}
	h.work = sync.NewCond(&h.mu)
	h.makeLanes()
	return h, processors, nil
}

// launch starts the owner and one worker per processor.
func (h *Handle) launch(processors []Processor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.record()
	h.startHelpers(processors[0])
	i := 0
	for _, l := range h.lanes {
		for _, in := range l.instances {
			h.spawn(in, processors[i])
			i++
		}
	}
	go h.own()
}

func (h *Handle) newFeed(id frame.FeedID) *feed {
	f := &feed{id: id, answer: histogram{bounds: &latencyBounds}}
	h.known++
	f.line.number, f.line.name = h.known, string(id)
	for i, kind := range [numFeedKinds]Kind{BatchSubmissionRejected, BatchInFlightExceeded, BatchTimeout} {
		f.reports[i] = report{kind: kind, feed: f}
	}
	h.feeds[id] = f
	return f
}

// ID is the processor id.
func (h *Handle) ID() string { return h.id }

// now is the time since the coordinator was made.
func (h *Handle) now() time.Duration { return time.Since(h.epoch) }
