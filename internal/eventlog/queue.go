package eventlog

import (
	"bytes"
	"sync"

	"github.com/nvpipe/nvpipe/frame"
)

// queue holds encoded lines: those being written and those that came since.
// Feeds add, the log's goroutine takes; both buffers are used again and again.
type queue struct {
	limit int
	wake  chan struct{} // holds one token when there is something new

	mu      sync.Mutex
	pending []byte
	spare   []byte
	writing int   // bytes with the log's goroutine
	lines   int64 // in both
	givenUp bool
}

func newQueue(limit int) *queue { return &queue{limit: limit, wake: make(chan struct{}, 1)} }

// add encodes the line of a finding; false: there is no room for it, or no more
// writing.
func (q *queue) add(f *frame.Frame, found *frame.Finding) bool {
	return q.put(func(b []byte) []byte { return appendLine(b, f, found) })
}

// put lets encode append one line, with the same answer.
func (q *queue) put(encode func([]byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.givenUp {
		return false
	}
	before := len(q.pending)
	line := encode(q.pending)
	size := len(line) - before
	if size > maxLine || len(line)+q.writing > q.limit {
		q.pending = line[:before]
		return false
	}
	q.pending = line
	q.lines++
	if before == 0 {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// take gives everything that waits. The one taken before is used again, so it
// must be finished with.
func (q *queue) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.pending
	q.pending, q.spare = q.spare[:0], taken
	q.writing = len(taken)
	return taken
}

// wrote notes that the first bytes of what was taken are written, and returns
// how many lines that makes; none when they were given up before.
func (q *queue) wrote(p []byte) (lines int64) {
	lines = int64(bytes.Count(p, []byte{'\n'}))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.writing -= len(p)
	if q.givenUp {
		return 0
	}
	q.lines -= lines
	return lines
}

// waiting is the number of lines that are not written yet.
func (q *queue) waiting() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lines
}

// giveUp refuses all further lines and returns how many are not written and
// never will be.
func (q *queue) giveUp() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lines
	q.givenUp, q.lines = true, 0
	return n
}

// piece is the beginning of p that is written in one go: whole lines, up to
// the limit or a single longer line.
func piece(p []byte, limit int) []byte {
	if len(p) <= limit {
		return p
	}
	if end := bytes.LastIndexByte(p[:limit], '\n'); end >= 0 {
		return p[:end+1]
	}
	return p[:bytes.IndexByte(p, '\n')+1]
}
