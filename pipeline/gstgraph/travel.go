package gstgraph

import (
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// maxTravelling bounds the frames between Push and OnPacket: appsrc's queue
// and what an encoder keeps.
const maxTravelling = 128

// traveller is what goes beside a pushed picture: GStreamer carries the
// picture, we the rest.
type traveller struct {
	key      time.Duration // running time in the graph, which the picture keeps
	pts      time.Duration // on the feed's clock
	captured time.Time
	findings []frame.Finding
}

// travellers is a ring of the newest ones by key. Pictures keep their order,
// so what is older than a packet that came out is over.
type travellers struct {
	mu    sync.Mutex
	ring  [maxTravelling]traveller
	first int
	n     int
}

func (t *travellers) at(i int) *traveller { return &t.ring[(t.first+i)%maxTravelling] }

func (t *travellers) add(tr traveller) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == maxTravelling {
		t.dropFirst()
	}
	t.n++
	*t.at(t.n - 1) = tr
}

// removeNewest takes back an add whose push was refused.
func (t *travellers) removeNewest() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n > 0 {
		t.n--
		*t.at(t.n) = traveller{}
	}
}

func (t *travellers) dropFirst() {
	*t.at(0) = traveller{}
	t.first = (t.first + 1) % maxTravelling
	t.n--
}

// findings are those pushed with the picture of this key.
func (t *travellers) findings(key time.Duration) []frame.Finding {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.n {
		if tr := t.at(i); tr.key == key {
			return tr.findings
		}
	}
	return nil
}

// take ends the journey of the picture with this key. An encoder that moved
// the time a little gets the oldest traveller that is not past it.
func (t *travellers) take(key time.Duration) (traveller, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 1 && t.at(1).key <= key {
		t.dropFirst()
	}
	if t.n == 0 {
		return traveller{}, false
	}
	tr := *t.at(0)
	t.dropFirst()
	return tr, true
}
