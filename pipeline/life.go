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
	tcpUntil  time.Time // with transport auto: until then TCP is asked for at once
}

func newLife() life {
	return life{
		done: make(chan struct{}), inputDone: make(chan struct{}), retry: make(chan struct{}, 1),
		stopInput: newRequest(), close: newRequest(),
	}
}

// request is something asked of the running feed, once. ctx is the asker's, and
// may be read when c is closed, which is when asked ends.
type request struct {
	once  sync.Once
	c     <-chan struct{}
	asked context.Context
	end   context.CancelFunc
	ctx   context.Context
}

func newRequest() request {
	asked, end := context.WithCancel(context.Background())
	return request{c: asked.Done(), asked: asked, end: end}
}

func (r *request) make(ctx context.Context) {
	r.once.Do(func() {
		r.ctx = ctx
		r.end()
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

// unless is ctx until the request is made.
func (r *request) unless(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.asked, cancel)
	return ctx, func() { stop(); cancel() }
}
