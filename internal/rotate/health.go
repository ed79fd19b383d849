package rotate

import (
	"sync"
	"sync/atomic"
	"time"
)

// States of a writer, beside the classes of errors.
const (
	// Fine: nothing is wrong as far as known.
	Fine = "ok"
	// Stalled: the disk has not answered for StallAfter.
	Stalled = "stalled"
)

// StallAfter is how long a call to the disk may take before the writer counts
// as stalled: well beyond what a busy disk needs, well below what a person
// would wait for.
const StallAfter = 5 * time.Second

// Health is how a writer is. Its goroutine sets it, any goroutine reads it,
// also while that goroutine is held by the disk.
type Health struct {
	busySince atomic.Pointer[time.Time] // nil: no call is running

	mu    sync.Mutex
	err   error
	class string
}

// Enter marks the beginning of calls to the disk.
func (h *Health) Enter() {
	now := time.Now()
	h.busySince.Store(&now)
}

// Leave marks their end.
func (h *Health) Leave() { h.busySince.Store(nil) }

// Set notes how the last call ended, and reports whether that changed the state.
func (h *Health) Set(err error) (changed bool) {
	state := Fine
	if err != nil {
		state = string(classify("write to", "", err).Class)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.class
	if before == "" {
		before = Fine
	}
	h.err, h.class = err, state
	return before != state
}

// State is Fine, Stalled or the Class of the trouble; the error is that of the
// last call that ended, nil when it went well.
func (h *Health) State() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stalled():
		return Stalled, h.err
	case h.class == "":
		return Fine, nil
	}
	return h.class, h.err
}

// OK reports whether writing is likely to work.
func (h *Health) OK() bool {
	state, _ := h.State()
	return state == Fine
}

func (h *Health) stalled() bool {
	since := h.busySince.Load()
	return since != nil && time.Since(*since) >= StallAfter
}
