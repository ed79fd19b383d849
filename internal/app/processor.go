package app

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/governor"
)

// retryFirst and retryMost are the pauses between attempts to start a
// processor: soon at first, because an operator may be putting the model into
// place, and seldom later.
const (
	retryFirst = 2 * time.Second
	retryMost  = time.Minute
)

// processor is one configured processor: it sees to it that there is a
// coordinator, and joins it with the lanes of the feeds that use it. A
// processor that cannot start holds up nobody: its feeds run on, and what they
// submit is unavailable.
type processor struct {
	config  config.Processor
	factory batchsink.Factory
	options batchsink.Options
	log     *zap.Logger

	cancel context.CancelFunc
	done   chan struct{} // closed when start-up has ended, one way or the other
	// governed is closed when nobody changes the feeds' targets any more.
	governed chan struct{}

	mu     sync.Mutex
	handle *batchsink.Handle // nil until it has started
	lanes  map[*lane]struct{}
	load   governor.Load
}

func newProcessor(c config.Processor, t ProcessorType, log *zap.Logger, o batchsink.Options) *processor {
	log = log.With(zap.String("processor", c.Name))
	tell := Tell{
		Notice:  func(text string) { log.Info(text) },
		Trouble: func(text string) { log.Warn(text) },
	}
	return &processor{
		config:   c,
		factory:  func() (batchsink.Processor, error) { return t.Make(c.Settings, c.Batch, tell) },
		options:  o,
		log:      log,
		done:     make(chan struct{}),
		governed: make(chan struct{}),
		lanes:    map[*lane]struct{}{},
	}
}

// start begins to start the coordinator and returns at once.
func (p *processor) start() {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go p.run(ctx)
	go p.govern(ctx)
}

// run tries until there is a coordinator. From then on the handle replaces
// what is behind it by itself.
func (p *processor) run(ctx context.Context) {
	defer close(p.done)
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		h, err := batchsink.New(ctx, p.config.Name, p.config.Batch, p.factory, p.options)
		if err == nil {
			p.adopt(h)
			return
		}
		if ctx.Err() != nil {
			return
		}
		p.log.Error("the processor could not be started; feeds go on without it",
			zap.Error(err), zap.Duration("retry_in", pause))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (p *processor) adopt(h *batchsink.Handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handle = h
	p.log.Info("processor started", zap.String("type", p.config.Type))
	for l := range p.lanes {
		p.attach(l)
	}
}

// join gives a feed's lane its coordinator, now or when there is one.
func (p *processor) join(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes[l] = struct{}{}
	if p.handle != nil {
		p.attach(l)
	}
}

func (p *processor) attach(l *lane) {
	if err := l.attach(p.handle); err != nil {
		p.log.Error("a feed could not be attached", zap.String("feed", string(l.feed.ID())), zap.Error(err))
	}
}

// leave closes a lane and settles what it has under way.
func (p *processor) leave(l *lane) {
	p.mu.Lock()
	delete(p.lanes, l)
	p.mu.Unlock()
	l.detach()
}

// forget drops the figures of a feed that has left for good.
func (p *processor) forget(id frame.FeedID) {
	if h := p.coordinator(); h != nil {
		h.Forget(id)
	}
}

// stop ends the coordinator: everything is settled before the processor's own
// Stop, and both are bounded by ctx.
func (p *processor) stop(ctx context.Context) error {
	p.cancel()
	for _, ended := range []chan struct{}{p.done, p.governed} {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if h := p.coordinator(); h != nil {
		return h.Stop(ctx)
	}
	return nil
}

func (p *processor) coordinator() *batchsink.Handle {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handle
}

func (p *processor) snapshot() ProcessorSnapshot {
	p.mu.Lock()
	s := ProcessorSnapshot{Name: p.config.Name, Load: p.load}
	p.mu.Unlock()
	if h := p.coordinator(); h != nil {
		s.Up, s.Batch, s.Figures = true, h.Stats(), figuresOf(h.Processors())
	}
	return s
}
