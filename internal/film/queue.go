package film

import (
	"sync"

	"github.com/nvpipe/nvpipe/frame"
)

// queue holds packets for the writer's goroutine. What does not fit is dropped
// together with everything up to the next keyframe, which could not be decoded
// without it.
type queue struct {
	wake chan struct{} // holds one token when there is something new

	mu       sync.Mutex
	ring     []frame.Packet
	first, n int
	bytes    int
	maxBytes int
	inHand   int // taken out and not settled yet
	skipping bool
	closed   bool
	givenUp  bool
}

func newQueue(packets, bytes int) *queue {
	return &queue{
		wake: make(chan struct{}, 1),
		ring: make([]frame.Packet, packets), maxBytes: bytes,
	}
}

// push reports whether the packet was taken.
func (q *queue) push(p frame.Packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || (q.skipping && !p.Keyframe) {
		return false
	}
	if q.n == len(q.ring) || q.bytes+len(p.Data) > q.maxBytes {
		q.skipping = true
		return false
	}
	q.skipping = false
	q.ring[(q.first+q.n)%len(q.ring)] = p
	q.n++
	q.bytes += len(p.Data)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

func (q *queue) pop() (frame.Packet, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return frame.Packet{}, false
	}
	p := q.ring[q.first]
	q.ring[q.first] = frame.Packet{} // so that its data can go
	q.first = (q.first + 1) % len(q.ring)
	q.n--
	q.inHand++
	q.bytes -= len(p.Data)
	return p, true
}

// settle says that n packets taken out have found their end. It is false when
// all that waited was given up before, and is counted as that.
func (q *queue) settle(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inHand -= n
	return !q.givenUp
}

// waiting is the number of packets that are not settled.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.givenUp {
		return 0
	}
	return q.n + q.inHand
}

// close refuses all further packets.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// giveUp returns how many packets are not settled and never will be.
func (q *queue) giveUp() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.givenUp {
		return 0
	}
	q.givenUp = true
	return q.n + q.inHand
}
