package batchsink

import (
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// batch is the entries that one worker has in hand: copies for the processor to
// see, and references of the batch's own. If its call hangs both stay as they
// are until it returns, whatever became of the tickets.
type batch struct {
	items   []*entry // under Handle.mu; nil once answered
	entries []frame.Entry
	frames  []*frame.Frame
	call    []frame.Entry // what the call under way sees
	called  []int         // which items those are, padding apart
	began   time.Duration
	oldest  time.Duration // the earliest submission in it
	isolation
	verdict *verdict // nil unless entries of it are left to be finished
}

// begin takes copies and references of the items' frames. mu is held: until
// here the tickets' own references keep them.
func (b *batch) begin(now time.Duration) {
	b.began, b.oldest = now, now
	b.isolation = isolation{todo: append(b.todo[:0], span{0, len(b.items)}), suspects: b.suspects[:0]}
	for _, e := range b.items {
		t := e.ticket
		b.oldest = min(b.oldest, e.submitted)
		b.entries = append(b.entries, frame.Entry{Frame: t.frame, View: t.view, Region: e.region})
		b.frames = append(b.frames, t.frame.Retain())
	}
}

// prepare makes the slice for the next call from the entries of its span that
// are still waited for, padded with copies of the last to a size that the
// processor accepts. It is empty if nobody waits.
func (b *batch) prepare(s shape) []frame.Entry {
	b.now = b.todo[0]
	b.todo = slices.Delete(b.todo, 0, 1)
	b.call, b.called = b.call[:0], b.called[:0]
	for i := b.now.low; i < b.now.high; i++ {
		if !b.items[i].ticket.settled {
			b.call = append(b.call, b.entries[i])
			b.called = append(b.called, i)
		}
	}
	if n := len(b.call); n > 0 {
		pad := b.call[n-1]
		pad.Padding, pad.Prepared = true, nil
		for len(b.call) < s.padded(n) {
			b.call = append(b.call, pad)
		}
	}
	return b.call
}

// spoilt appends what the last call wanted to be finished and is not to be.
func (b *batch) spoilt(loose []releaser) []releaser {
	for i := range b.call {
		if f := b.call[i].Finish; f != nil {
			loose = append(loose, f)
			b.call[i].Finish = nil
		}
	}
	return loose
}

// end empties the batch and appends what it held, now the caller's to release,
// to loose.
func (b *batch) end(loose []releaser) []releaser {
	loose = b.spoilt(loose)
	for i, f := range b.frames {
		loose = append(loose, f)
		if p := b.entries[i].Prepared; p != nil {
			loose = append(loose, p)
		}
	}
	clear(b.items)
	clear(b.frames)
	clear(b.entries)
	clear(b.call)
	b.items, b.frames, b.entries, b.call = b.items[:0], b.frames[:0], b.entries[:0], b.call[:0]
	return loose
}
