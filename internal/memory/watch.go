package memory

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// warmUp is what a start and an added feed are given to take their memory.
	warmUp = 3 * time.Minute
	// repeat is the time between two events about the same growth.
	repeat = time.Hour
	// patience is how many samples in a row above max_rss end the program.
	patience = 3
	// near is the part of max_rss that is worth a word.
	near = .9
)

// Kind is what an event is about.
type Kind string

// The kinds of events.
const (
	// Growing: it has grown steadily for minutes; at most once an hour.
	Growing Kind = "MemoryGrowing"
	// NearLimit: 90 % of max_rss are reached; once.
	NearLimit Kind = "MemoryNearLimit"
	// Unreadable: the process's memory cannot be read, and is not watched; once.
	Unreadable Kind = "MemoryUnreadable"
)

// Event is something that an operator should know.
type Event struct {
	Kind Kind
	// Text says it with its figures.
	Text string
}

// Options are what a Watch needs beside its Config.
type Options struct {
	// Read returns the process's resident bytes; nil: [Resident].
	Read func() (int64, error)
	// OnEvent is called on the watch's goroutine and must not call it back.
	// nil: nobody listens.
	OnEvent func(Event)
	// OnFatal is called there, once, when max_rss has been exceeded and the
	// program should end. nil: nothing happens.
	OnFatal func(error)
}

// Figures are the latest sample and what the samples show.
type Figures struct {
	// Resident bytes; 0 before the first sample.
	Resident int64
	// Rate is the growth in bytes a second over the last minutes; 0 while it is
	// not known. Growing: it is steady and matters.
	Rate    float64
	Growing bool
}

// Watch watches the process's memory between Start and Stop. Its methods may be
// called from any goroutine.
type Watch struct {
	config  Config
	options Options
	cancel  context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	trend   trend
	from    time.Time // samples count from here on
	figures Figures

	// The goroutine's alone.
	saidGrowing           time.Time
	saidNear, saidTrouble bool
	above                 int // samples in a row
	ended                 bool
}

// New returns a watch that does nothing yet.
func New(c Config, o Options) *Watch {
	if o.Read == nil {
		o.Read = Resident
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
	return &Watch{config: c, options: o}
}

// Start starts the watch; it is called once.
func (w *Watch) Start() {
	w.Settle()
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	w.done = make(chan struct{})
	go w.run(ctx)
}

// Stop ends the watch and waits for its goroutine. Without a Start, and the
// second time, it does nothing.
func (w *Watch) Stop() {
	if w.cancel != nil {
		w.cancel()
		<-w.done
	}
}

// Settle says that more memory is to be expected, for a feed that was added: the
// growth is judged anew, some minutes from now.
func (w *Watch) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trend.forget()
	w.from = time.Now().Add(warmUp)
}

// Figures are what is known now.
func (w *Watch) Figures() Figures {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.figures
}

func (w *Watch) run(ctx context.Context) {
	defer close(w.done)
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.sample()
		}
	}
}

func (w *Watch) sample() {
	resident, err := w.options.Read()
	if err != nil {
		if !w.saidTrouble {
			w.saidTrouble = true
			w.options.OnEvent(Event{Unreadable, fmt.Sprintf("the process's memory cannot be read and is not watched: %v", err)})
		}
		return
	}
	f := w.note(resident)
	now := time.Now()
	if f.Growing && (w.saidGrowing.IsZero() || now.Sub(w.saidGrowing) >= repeat) {
		w.saidGrowing = now
		w.options.OnEvent(Event{Growing, w.growth(f)})
	}
	if w.config.MaxRSS > 0 {
		w.compare(resident)
	}
}

// note adds a sample and returns what all show.
func (w *Watch) note(resident int64) Figures {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.figures = Figures{Resident: resident}
	if !time.Now().Before(w.from) {
		w.trend.add(float64(resident))
		rate, growing := w.trend.rate()
		w.figures.Rate, w.figures.Growing = rate/60, growing
	}
	return w.figures
}

// growth says how fast it grows and where that leads.
func (w *Watch) growth(f Figures) string {
	text := fmt.Sprintf("memory grows steadily, by %.1f MiB a minute, and is %s now: it looks like a leak", f.Rate*60/(1<<20), mib(f.Resident))
	if left := int64(w.config.MaxRSS) - f.Resident; left > 0 {
		text += fmt.Sprintf("; max_rss, %s, will be reached in %v", mib(int64(w.config.MaxRSS)), time.Duration(float64(left)/f.Rate*float64(time.Second)).Round(time.Minute))
	}
	return text
}

// compare holds a sample against max_rss.
func (w *Watch) compare(resident int64) {
	limit := int64(w.config.MaxRSS)
	if !w.saidNear && float64(resident) >= near*float64(limit) {
		w.saidNear = true
		w.options.OnEvent(Event{NearLimit, fmt.Sprintf("memory is %s, max_rss %s: above it the program ends, to be started again", mib(resident), mib(limit))})
	}
	switch {
	case w.ended:
	case resident <= limit:
		w.above = 0
	case w.above < patience-1:
		w.above++
	default:
		w.ended = true
		w.options.OnFatal(fmt.Errorf("memory was above max_rss, %s, in %d samples %v apart, and is %s: the program ends to be started again", mib(limit), patience, Every, mib(resident)))
	}
}

func mib(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
