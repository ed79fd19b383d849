package eventlog

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/rotate"
)

// Kind is what an Event is about.
type Kind string

// The kinds.
const (
	// StateChanged: State and Err say how the log is now; Err names the path
	// and what to do.
	StateChanged Kind = "state"
	// Dropped: Count lines did not fit into the queue, since the last report.
	Dropped Kind = "dropped"
	// Lost: Count lines were in the queue when the log had to be given up.
	Lost Kind = "lost"
)

// Event is something that an operator should know about a log.
type Event struct {
	Kind  Kind
	Path  string
	State string
	Err   error
	Count uint64
}

// Options are what a Registry needs of its surroundings; zero values are the
// real ones.
type Options struct {
	Stdout io.Writer
	FS     rotate.FS
	// OnEvent is called from any goroutine, repeats at most once a second per
	// log. It must not block and must not call the Registry or a Writer.
	OnEvent func(Event)
}

// Registry owns the open logs by their path. Its methods may be called from any
// goroutine.
type Registry struct {
	o Options

	mu   sync.Mutex
	logs map[string]*shared
}

// shared is a log with the number of writers that have it open.
type shared struct {
	cfg  Config
	log  *log
	refs int
}

// NewRegistry returns a Registry without logs.
func NewRegistry(o Options) *Registry {
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	return &Registry{o: o, logs: make(map[string]*shared)}
}

// Open gives one feed its end of the log at cfg.Path. An error is a mistake in
// the configuration: invalid, or not the one that another feed has for the same
// path. A path that cannot be written is none; it is reported as an event and
// tried again.
func (r *Registry) Open(cfg Config) (*Writer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	empty := cfg.Empty
	cfg.Empty = false
	if cfg.Path != Stdout {
		// Abs fails only without a working directory; then the path stays.
		if abs, err := filepath.Abs(cfg.Path); err == nil {
			cfg.Path = abs
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.logs[cfg.Path]
	switch {
	case s == nil:
		s = &shared{cfg: cfg, log: r.start(cfg, nil)}
		r.logs[cfg.Path] = s
	case s.refs == 0: // closing: the next one waits for its end
		s.cfg, s.log = cfg, r.start(cfg, s.log.done)
	case s.cfg != cfg:
		return nil, invalid.Field("path",
			"another feed writes to %s with another queue, retry or rotation; make them equal or choose another path", cfg.Path)
	}
	s.refs++
	return &Writer{registry: r, log: s.log, empty: empty}, nil
}

func (r *Registry) start(cfg Config, before <-chan struct{}) *log {
	var s sink = streamSink{r.o.Stdout}
	if cfg.Path != Stdout {
		s = newFileSink(cfg.Path, cfg.Rotation, r.o.FS)
	}
	return startLog(cfg.Path, cfg, s, r.o.OnEvent, before)
}

// release gives a writer's reference back and closes the log after the last.
func (r *Registry) release(ctx context.Context, l *log) error {
	r.mu.Lock()
	s := r.logs[l.path]
	s.refs--
	last := s.refs == 0
	r.mu.Unlock()
	if !last {
		return nil
	}
	err := l.close(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.logs[l.path]; s.log == l && s.refs == 0 && !l.abandoned.Load() {
		delete(r.logs, l.path)
	}
	return err
}

// Writer is one feed's end of a log. Its methods may be called from any
// goroutine.
type Writer struct {
	registry *Registry
	log      *log
	empty    bool

	closed   sync.Once
	shut     atomic.Bool
	accepted atomic.Uint64
	dropped  atomic.Uint64
}

// Deliver writes a line for every finding of the frame's own that has
// detections, or for every one if empty ones are wanted. Findings of an earlier
// frame (Age above 0) had their line with that frame. It never blocks and keeps
// nothing of the frame or the findings.
func (w *Writer) Deliver(f *frame.Frame, findings []frame.Finding) {
	for i := range findings {
		found := &findings[i]
		nothing := len(found.Result.Output.Detections) == 0
		if found.Age > 0 || (nothing && !w.empty) {
			continue
		}
		w.count(!w.shut.Load() && w.log.add(f, found))
	}
}

// View writes the line of a new epoch of the feed's view. It never blocks.
func (w *Writer) View(v View) { w.count(!w.shut.Load() && w.log.addView(&v)) }

func (w *Writer) count(ok bool) {
	if ok {
		w.accepted.Add(1)
	} else {
		w.dropped.Add(1)
	}
}

// Close gives the feed's end back. The last one of a path writes what waits and
// closes the file, until the context ends; a disk that hangs is then left
// alone. The error says how many lines were lost. Further calls do nothing.
func (w *Writer) Close(ctx context.Context) (err error) {
	w.closed.Do(func() {
		w.shut.Store(true)
		err = w.registry.release(ctx, w.log)
	})
	return err
}

// Status is how a Writer and the log behind it are.
type Status struct {
	Path string
	// State is "ok", "stalled" or the class of the trouble; Err is the last
	// error while it is not over.
	State string
	Err   error
	// Accepted and Dropped count this feed's lines.
	Accepted, Dropped uint64
	// Waiting, Written and Lost count the lines of all feeds of the path.
	Waiting, Written, Lost uint64
	// Files and Bytes are what is on disk, Removed the files that had to go.
	rotate.Stats
}

// Status is never held up by the disk.
func (w *Writer) Status() Status {
	s := Status{
		Path:     w.log.path,
		Accepted: w.accepted.Load(), Dropped: w.dropped.Load(),
		Waiting: uint64(w.log.queue.waiting()), Written: w.log.written.Load(), Lost: w.log.lost.Load(),
		Stats: *w.log.stats.Load(),
	}
	s.State, s.Err = w.log.health.State()
	return s
}
