package trace

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// mostKept bounds what waits to be written. More than this means that the
	// disk is slower than the coordinator.
	mostKept = 4 << 20
	// enough is how much is written at once, if it comes within flushAfter.
	enough     = 64 << 10
	flushAfter = time.Second
	// retryAfter is the pause before another file is begun after one failed.
	retryAfter = time.Minute
)

// Recorder keeps records for a goroutine of its own, which writes them to a file.
// None of its methods waits for the disk but Close, which is bounded. What does not
// fit in memory, because the disk does not keep up, is counted and marked in the
// trace. The methods may be called from any goroutine; the order of records is
// that of the calls.
type Recorder struct {
	path   string
	size   int64
	failed func(error)
	open   func(path string) (*os.File, error)
	wake   chan struct{} // one place: there is something to write
	now    chan struct{} // one place: do not wait for more
	done   chan struct{}

	mu      sync.Mutex
	kept    []byte
	scratch []byte
	fresh   int   // where in kept a new file begins; -1: nowhere
	length  int64 // of the current file, kept included
	records int64 // of the current file
	lost    int64 // records, since the state was last recorded
	begun   bool  // there is a file to add to
	broken  bool  // writing has failed
	retryAt time.Duration
	closing bool
}

// NewRecorder makes a recorder and starts its goroutine, which Close ends. A file
// is followed by another when it has size bytes; it then gets the suffix ".1", in
// place of the one before. So does one that is there already, if it is a trace;
// anything else is left alone and is an error. failed is called, from the
// recorder's goroutine, for every error in writing; a minute later another file
// is begun.
func NewRecorder(path string, size int64, failed func(error)) *Recorder {
	r := newRecorder(path, size, failed)
	go r.write()
	return r
}

func newRecorder(path string, size int64, failed func(error)) *Recorder {
	return &Recorder{
		path: path, size: size, failed: failed, open: create, fresh: -1,
		wake: make(chan struct{}, 1), now: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Due says whether the state is to be recorded now, with Begin and a record of
// kind State for every lane: at first, when the file is full, and when something
// was lost. now is the time of the records.
func (r *Recorder) Due(now time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closing:
		return false
	case r.broken:
		if r.retryAt == 0 {
			r.retryAt = now + retryAfter
		}
		return now >= r.retryAt
	case !r.begun:
		return true
	case r.fresh >= 0: // two files in one portion: not before it is written
		return false
	}
	return r.length >= r.size || r.lost > 0 && len(r.kept) < mostKept/2
}

// Begin begins a file, or goes on after a loss.
func (r *Recorder) Begin(h Header, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken, r.retryAt = false, 0
	lost := r.lost
	r.lost = 0
	if !r.begun || r.length >= r.size {
		r.begun, r.length, r.records = true, 0, 0
		r.fresh = len(r.kept)
		text, err := json.Marshal(h)
		if err != nil {
			panic("a header cannot be encoded: " + err.Error())
		}
		r.keep(append(append(append(append([]byte(magic), strconv.Itoa(Version)...), ' '), text...), '\n'))
	}
	if lost > 0 {
		r.add(&Record{Kind: KindLost, At: now, N: lost})
	}
}

// Add records. Before the first Begin, and while writing fails, it does nothing.
func (r *Recorder) Add(one *Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(one)
}

func (r *Recorder) add(one *Record) {
	switch {
	case !r.begun || r.broken || r.closing:
		return
	case r.lost > 0:
		r.lost++
		return
	}
	if one.Kind == KindBatch {
		one.Value = r.records
	}
	r.scratch = one.appendTo(r.scratch[:0])
	if len(r.kept)+len(r.scratch) > mostKept {
		r.lost++
		return
	}
	r.records++
	r.keep(r.scratch)
}

func (r *Recorder) keep(line []byte) {
	was := len(r.kept)
	r.kept = append(r.kept, line...)
	r.length += int64(len(line))
	if was == 0 {
		signal(r.wake)
	}
	if was < enough && len(r.kept) >= enough {
		signal(r.now)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close records the end and returns when everything is written, or after patience:
// a disk that does not answer is left to the goroutine.
func (r *Recorder) Close(now, patience time.Duration) {
	r.mu.Lock()
	if !r.closing {
		r.add(&Record{Kind: KindEnd, At: now})
		r.closing = true
		signal(r.wake)
		signal(r.now)
	}
	r.mu.Unlock()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-r.done:
	case <-late.C:
	}
}

// write is the goroutine: it sleeps until there is something to write.
func (r *Recorder) write() {
	defer close(r.done)
	flush := time.NewTimer(flushAfter)
	defer flush.Stop()
	f := file{path: r.path, open: r.open}
	defer f.close()
	var data []byte
	for closing := false; !closing; {
		<-r.wake
		flush.Reset(flushAfter)
		select {
		case <-r.now:
		case <-flush.C:
		}
		var fresh int
		data, fresh, closing = r.take(data)
		if err := f.put(data, fresh); err != nil {
			r.fail()
			r.failed(err)
		}
	}
}

// take swaps what is kept for an empty buffer.
func (r *Recorder) take(empty []byte) (data []byte, fresh int, closing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, fresh = r.kept, r.fresh
	r.kept, r.fresh = empty[:0], -1
	select {
	case <-r.now: // was for what is taken
	default:
	}
	return data, fresh, r.closing
}

// fail drops everything until another file may be begun.
func (r *Recorder) fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken, r.begun, r.lost, r.retryAt = true, false, 0, 0
	r.kept, r.fresh = r.kept[:0], -1
}
