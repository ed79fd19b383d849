package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// life is a feed's being run and stopped.
type life struct {
	running   atomic.Bool
	done      chan struct{} // closed when Run has returned
	inputDone chan struct{} // closed when no frame comes any more
	stopInput request
	close     request
	retry     chan struct{} // capacity 1

	// The rest is the running goroutine's.
	retries   backoff
	attempts  int
	jumpsTold uint64
	jumpsAt   time.Time
}

func newLife() life {
	return life{
		done: make(chan struct{}), inputDone: make(chan struct{}), retry: make(chan struct{}, 1),
		stopInput: request{c: make(chan struct{})}, close: request{c: make(chan struct{})},
	}
}

// request is something asked of the running feed, once. ctx is the asker's, and
// may be read when c is closed.
type request struct {
	once sync.Once
	c    chan struct{}
	ctx  context.Context
}

func (r *request) make(ctx context.Context) {
	r.once.Do(func() {
		r.ctx = ctx
		close(r.c)
	})
}

func (r *request) made() bool {
	select {
	case <-r.c:
		return true
	default:
		return false
	}
}

// context is the asker's, or one that never ends.
func (r *request) context() context.Context {
	if r.made() {
		return r.ctx
	}
	return context.Background()
}
