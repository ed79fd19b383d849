// Package coalesce turns repeats into one report with a count: what happens a
// thousand times a second is said once at once, and then at most once an
// interval with the number of times since. Counts add up: the sum over all
// reports is the number of calls to Add, once Close has returned.
package coalesce

import (
	"sync"
	"time"
)

// DefaultInterval is how far apart two reports of one key are at least.
const DefaultInterval = time.Second

// DefaultMaxKeys is how many keys are told apart at a time. A key is forgotten
// after an interval without a repeat, so this bounds what happens within one.
const DefaultMaxKeys = 1024

// Report is what is said about one key.
type Report[K comparable, V any] struct {
	Key K
	// Latest is the value of the newest occurrence.
	Latest V
	// Count is how many occurrences this report stands for, at least 1.
	Count uint64
	// Overflow: the occurrences had more different keys than are told apart.
	// Key and Latest are those of the newest, Count is of all of them.
	Overflow bool
}

// Options are the limits of a Coalescer; zero values are the defaults.
type Options struct {
	Interval time.Duration
	MaxKeys  int
}

// Coalescer counts repeats per key. Its methods may be called from any
// goroutine. It keeps no goroutine of its own: a timer runs for each key that
// was reported less than an interval ago.
type Coalescer[K comparable, V any] struct {
	emit     func(Report[K, V])
	interval time.Duration
	maxKeys  int

	mu       sync.Mutex
	closed   bool
	keys     map[K]*window[K, V]
	overflow *window[K, V]
}

// window is the interval after a report, in which repeats are only counted.
type window[K comparable, V any] struct {
	pending Report[K, V]
	timer   *time.Timer
}

// New returns a Coalescer that hands its reports to emit, one at a time and
// each key's in order. emit must not block and must not call the Coalescer.
func New[K comparable, V any](o Options, emit func(Report[K, V])) *Coalescer[K, V] {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = DefaultMaxKeys
	}
	return &Coalescer[K, V]{
		emit: emit, interval: o.Interval, maxKeys: o.MaxKeys,
		keys: make(map[K]*window[K, V]),
	}
}

// Add notes one occurrence.
func (c *Coalescer[K, V]) Add(key K, latest V) { c.AddN(key, latest, 1) }

// AddN notes n occurrences at once; 0 is nothing.
func (c *Coalescer[K, V]) AddN(key K, latest V, n uint64) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report[K, V]{Key: key, Latest: latest, Count: n}
	if c.closed {
		c.emit(r)
		return
	}
	w := c.keys[key]
	if w == nil && len(c.keys) >= c.maxKeys {
		w, r.Overflow = c.overflow, true
	}
	if w != nil {
		r.Count += w.pending.Count
		w.pending = r
		return
	}
	c.emit(r)
	c.open(key, r.Overflow)
}

// Recover reports what is pending of a key and forgets the key, so that its
// next occurrence is news again. It is for the moment when the trouble is over.
func (c *Coalescer[K, V]) Recover(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.keys[key]; w != nil {
		c.flush(w)
		w.timer.Stop()
		delete(c.keys, key)
	}
}

// Close reports everything pending. What is added afterwards is reported at
// once, uncounted repeats do not exist any more.
func (c *Coalescer[K, V]) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for key, w := range c.keys {
		c.flush(w)
		w.timer.Stop()
		delete(c.keys, key)
	}
	if w := c.overflow; w != nil {
		c.flush(w)
		w.timer.Stop()
		c.overflow = nil
	}
}

func (c *Coalescer[K, V]) open(key K, overflow bool) {
	w := &window[K, V]{}
	w.timer = time.AfterFunc(c.interval, func() { c.expire(key, w) })
	if overflow {
		c.overflow = w
	} else {
		c.keys[key] = w
	}
}

// expire ends a window: with repeats in it the next one begins, without any
// the key is forgotten.
func (c *Coalescer[K, V]) expire(key K, w *window[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	current := c.keys[key] == w || c.overflow == w
	switch {
	case !current: // Recover or Close came first.
	case w.pending.Count > 0:
		c.flush(w)
		w.timer.Reset(c.interval)
	case c.overflow == w:
		c.overflow = nil
	default:
		delete(c.keys, key)
	}
}

func (c *Coalescer[K, V]) flush(w *window[K, V]) {
	if w.pending.Count > 0 {
		c.emit(w.pending)
		w.pending = Report[K, V]{}
	}
}
