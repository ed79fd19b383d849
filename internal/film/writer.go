package film

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/internal/rotate"
)

// Options are what a Writer needs of its surroundings; zero values are the
// real ones.
type Options struct {
	FS rotate.FS
	// OnEvent is called from any goroutine, repeated drops at most once a
	// second per reason. It must not block and must not call the Writer.
	OnEvent func(Event)
}

// Writer writes one feed's film. Its methods may be called from any goroutine.
type Writer struct {
	feed  frame.FeedID
	cfg   Config
	emit  func(Event)
	drops *coalesce.Coalescer[Reason, struct{}]
	queue *queue

	stop chan struct{}
	done chan struct{}

	// Of the goroutine in run.
	tape *tape
	at   time.Time // of the last packet for the tape, or of the last failure

	closing   atomic.Bool
	ready     atomic.Bool // the disk took what it was given last
	health    rotate.Health
	abandoned atomic.Bool
	written   atomic.Uint64
	lost      atomic.Uint64
	dropped   [numReasons]atomic.Uint64
	stats     atomic.Pointer[rotate.Stats]
}

// New starts a Writer. An error is a mistake in the configuration; a folder that
// cannot be written to is none: it is reported as an event and tried again.
func New(feed frame.FeedID, cfg Config, o Options) (*Writer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w := &Writer{
		feed: feed, cfg: cfg, emit: o.OnEvent,
		queue: newQueue(cfg.QueuePackets, int(cfg.QueueBytes)),
		stop:  make(chan struct{}), done: make(chan struct{}),
	}
	if w.emit == nil {
		w.emit = func(Event) {}
	}
	w.drops = coalesce.New(coalesce.Options{}, func(r coalesce.Report[Reason, struct{}]) {
		w.emit(Event{Kind: Dropped, Feed: feed, Reason: r.Key, Count: r.Count})
	})
	w.tape = newTape(w, rotate.NewSet(rotate.Name{Dir: cfg.Dir, Prefix: string(feed), Suffix: ".mp4"}, cfg.Rotation, o.FS))
	w.stats.Store(&rotate.Stats{})
	go w.run()
	return w, nil
}

// Wanted reports whether a packet would be written: not before the folder was
// tried, not while the disk refuses or hangs, not after Close.
func (w *Writer) Wanted() bool { return w.ready.Load() && !w.closing.Load() && w.health.OK() }

// Write takes a packet, or drops it and counts that. It never blocks and keeps
// the packet's data, which must not change.
func (w *Writer) Write(p frame.Packet) {
	switch {
	case w.queue.push(p):
	case w.closing.Load():
		w.drop(Ended, 1)
	default:
		w.drop(QueueFull, 1)
	}
}

// Close writes what waits, ends the file and waits for that until the context
// ends; a disk that hangs is then left alone. The error says how many packets
// were lost.
func (w *Writer) Close(ctx context.Context) error {
	if w.closing.CompareAndSwap(false, true) {
		w.queue.close()
		close(w.stop)
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		w.abandoned.Store(true)
		w.lose()
	}
	if n := w.lost.Load(); n > 0 {
		return fmt.Errorf("film of %s in %s: the disk does not answer; %d packets could not be written before closing",
			w.feed, w.cfg.Dir, n)
	}
	return nil
}

func (w *Writer) lose() {
	if n := uint64(w.queue.giveUp()); n > 0 {
		w.lost.Add(n)
		w.emit(Event{Kind: Lost, Feed: w.feed, Count: n})
	}
}

// run owns the tape: it writes packets as they come and does what is due when
// none comes, until the queue is closed and empty.
func (w *Writer) run() {
	defer close(w.done)
	defer w.drops.Close()
	w.probe()
	stop := w.stop
	for !w.abandoned.Load() {
		if p, ok := w.queue.pop(); ok {
			w.packet(p)
			continue
		}
		if stop == nil {
			w.disk(w.tape.close)
			return
		}
		timer, act := w.due()
		select {
		case <-w.queue.wake:
		case <-timer:
			act()
		case <-stop:
			stop = nil
		}
	}
	w.tape.discard() // what it holds counts as lost already
}

// due is what is to be done next if no packet comes: try the disk again, write
// the part that is held, or end the file.
func (w *Writer) due() (<-chan time.Time, func()) {
	since := time.Since(w.at)
	switch {
	case !w.ready.Load():
		return time.After(w.cfg.Retry - since), w.probe
	case w.tape.holds() > 0:
		return time.After(w.cfg.Part - since), func() { w.disk(w.tape.flush) }
	case w.tape.open():
		return time.After(w.cfg.MaxGap - since), func() { w.disk(w.tape.close) }
	}
	return nil, nil
}

func (w *Writer) packet(p frame.Packet) {
	if !w.ready.Load() {
		w.refuse(NotWritable, 1)
		return
	}
	w.at = time.Now()
	w.disk(func() error { return w.tape.take(p) })
}

func (w *Writer) probe() { w.disk(w.tape.set.Probe) }

// disk does something that may take as long as the disk likes, and notes how it
// ended.
func (w *Writer) disk(do func() error) {
	w.health.Enter()
	err := do()
	w.health.Leave()
	w.ready.Store(err == nil)
	if err != nil {
		w.at = time.Now()
		w.tape.discard()
	}
	stats := w.tape.set.Stats()
	w.stats.Store(&stats)
	if w.health.Set(err) {
		state, err := w.health.State()
		w.emit(Event{Kind: StateChanged, Feed: w.feed, Path: w.cfg.Dir, State: state, Err: err})
	}
}

// wrote and refuse settle packets that were taken out of the queue.
func (w *Writer) wrote(n int) {
	if w.queue.settle(n) {
		w.written.Add(uint64(n))
	}
}

func (w *Writer) refuse(r Reason, n int) {
	if w.queue.settle(n) {
		w.drop(r, n)
	}
}

func (w *Writer) drop(r Reason, n int) {
	if n > 0 {
		w.dropped[r].Add(uint64(n))
		w.drops.AddN(r, struct{}{}, uint64(n))
	}
}
