package batchsink

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// entry is one place in the queue, then in a batch.
type entry struct {
	ticket *Ticket
	line   *line
	// part is the entry's number among the parts of its ticket.
	part      int
	answered  bool   // the part has its result
	number    uint64 // among those of its former
	submitted time.Duration
	// by is the number of the shared batch that takes it at the latest.
	by     uint64
	queued bool
	dead   bool // queued, but nobody waits for it
	// region is the part of the frame that is meant; zero: all of it.
	region frame.Box
	// ahead says whether prepared is there, what was made of the frame while it
	// waited.
	ahead    ahead
	prepared frame.Prepared

	prev, next *entry // in former.oldest … newest
	behind     *entry // next of the same line
}

// line is one feed as the former sees it: its entries in order, its share and
// its rhythm.
type line struct {
	number   int // among the feeds of the coordinator, from 1
	name     string
	attached bool
	cap      int     // tickets it may have with the coordinator
	depth    int     // entries it may have queued: cap × parts of a ticket
	weight   float64 // its share
	bound    int     // entries, its own included, that may go before the newest
	live     bool
	held     int // tickets with the coordinator

	head, tail *entry
	length     int
	pass       float64 // entries taken, over weight, on the former's virtual clock
	rhythm     rhythm

	// alone: the feed poisoned batches and is processed apart until then.
	alone  bool
	until  time.Duration
	poison int
	// poisonedAt is when it did so last.
	poisonedAt time.Duration

	passedOver, run, longestRun uint64
}

// unlink takes an entry out of its line.
func (l *line) unlink(e *entry) {
	l.length--
	if l.head == e {
		if l.head = e.behind; l.head == nil {
			l.tail = nil
		}
		return
	}
	before := l.head
	for before.behind != e {
		before = before.behind
	}
	if before.behind = e.behind; e.behind == nil {
		l.tail = before
	}
}
