package eventlog

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/internal/rotate"
)

// pieceSize is how much is written in one go: enough to make calls rare, and
// little to lose when the last of it no longer fits.
const pieceSize = 64 << 10

// log is one open path: its queue, its goroutine, and what is known of it.
type log struct {
	path   string
	retry  time.Duration
	queue  *queue
	sink   sink
	report func(Event)
	drops  *coalesce.Coalescer[struct{}, struct{}]

	// before is the log that had the path until now; it must be done first.
	before <-chan struct{}
	stop   chan struct{}
	halt   sync.Once
	done   chan struct{}

	health    rotate.Health
	abandoned atomic.Bool
	written   atomic.Uint64
	lost      atomic.Uint64
	stats     atomic.Pointer[rotate.Stats]
}

func startLog(path string, cfg Config, s sink, report func(Event), before <-chan struct{}) *log {
	l := &log{
		path: path, retry: cfg.Retry, queue: newQueue(int(cfg.Queue)), sink: s, report: report,
		before: before, stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.drops = coalesce.New(coalesce.Options{}, func(r coalesce.Report[struct{}, struct{}]) {
		report(Event{Kind: Dropped, Path: path, Count: r.Count})
	})
	l.stats.Store(&rotate.Stats{})
	go l.run()
	return l
}

func (l *log) add(f *frame.Frame, found *frame.Finding) bool {
	return l.took(l.queue.add(f, found))
}

func (l *log) addView(v *View) bool {
	return l.took(l.queue.put(func(b []byte) []byte { return appendView(b, v) }))
}

func (l *log) took(ok bool) bool {
	if !ok {
		l.drops.Add(struct{}{}, struct{}{})
	}
	return ok
}

// run writes lines as they come, and after an error only every now and then,
// until it is told to stop; then once more.
func (l *log) run() {
	defer close(l.done)
	if l.before != nil {
		l.call(func() error { <-l.before; return nil })
	}
	var rest []byte
	for {
		err := l.write(&rest)
		if l.stopped() {
			l.finish()
			return
		}
		wake, retry := (<-chan struct{})(l.queue.wake), (<-chan time.Time)(nil)
		if err != nil {
			wake, retry = nil, time.After(l.retry)
		}
		select {
		case <-wake:
		case <-retry:
		case <-l.stop:
		}
	}
}

// write carries everything that waits to the sink, beginning with the rest of
// the last time. It opens the sink even when nothing waits, so that trouble is
// known before the first line.
func (l *log) write(rest *[]byte) error {
	err := l.call(l.sink.open)
	for err == nil && !l.abandoned.Load() {
		if len(*rest) == 0 {
			*rest = l.queue.take()
		}
		if len(*rest) == 0 {
			break
		}
		err = l.call(func() error {
			n, err := l.sink.write(piece(*rest, pieceSize))
			l.written.Add(uint64(l.queue.wrote((*rest)[:n])))
			*rest = (*rest)[n:]
			return err
		})
	}
	l.note(err)
	return err
}

// call keeps the time of a call that may take long.
func (l *log) call(f func() error) error {
	l.health.Enter()
	defer l.health.Leave()
	return f()
}

func (l *log) note(err error) {
	stats := l.sink.stats()
	l.stats.Store(&stats)
	if l.health.Set(err) {
		l.drops.Recover(struct{}{})
		state, err := l.health.State()
		l.report(Event{Kind: StateChanged, Path: l.path, State: state, Err: err})
	}
}

func (l *log) finish() {
	if !l.abandoned.Load() {
		if err := l.call(l.sink.close); err != nil {
			l.note(err)
		}
		l.lose()
	}
	l.drops.Close()
}

// lose closes the queue and counts what was accepted and is not known to be
// written.
func (l *log) lose() {
	if n := uint64(l.queue.giveUp()); n > 0 {
		l.lost.Add(n)
		l.report(Event{Kind: Lost, Path: l.path, Count: n})
	}
}

func (l *log) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// close lets the log write what it has and waits for that, or for the context;
// then the goroutine is left to the disk that holds it.
func (l *log) close(ctx context.Context) error {
	l.halt.Do(func() { close(l.stop) })
	select {
	case <-l.done:
	case <-ctx.Done():
		l.abandoned.Store(true)
		l.lose()
	}
	if n := l.lost.Load(); n > 0 {
		return fmt.Errorf("events log %s: %d lines could not be written before closing", l.path, n)
	}
	return nil
}
