package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Stats are a feed's figures since it was made.
type Stats struct {
	// Lost frames left the decoder and never reached the feed, counted where
	// they were lost, in the graphs that have been closed.
	Lost uint64
	// LeftOut access units were not decoded, because only keyframes are wanted.
	LeftOut uint64
	// Jumps are steps of the stream's time that were mapped away.
	Jumps uint64
	// Abandoned are steps of taking a graph down that did not end in time.
	Abandoned uint64
	// Pushed frames went into the continuation, Late of them with a result of
	// their own still to come.
	Pushed, Late uint64
	// Refused frames were wanted and the graph would not take them; Displaced
	// ones had to make room for younger ones while it was busy taking another.
	Refused, Displaced uint64
	// Packets of the annotated stream came out; PacketsRefused would have gone
	// back in time, which only an abandoned graph can cause.
	Packets, PacketsRefused uint64
	// Stray frames came from a graph after it had said that none would; 0
	// unless there is a fault in the graph.
	Stray uint64
	// View is where the camera looks.
	View ViewStats
	// LastFrame is when the newest frame arrived; zero: none yet.
	LastFrame time.Time

	closedDecoded uint64
}

// Stats is a snapshot.
func (f *Feed) Stats() Stats {
	f.mu.Lock()
	s := f.stats
	s.Jumps = f.clock.jumps
	open := f.openGraph()
	f.mu.Unlock()
	if open != nil {
		s.LeftOut += open.Counts().LeftOut
	}
	return s
}

// openGraph is the graph whose account is not closed yet, or nil; with mu held.
func (f *Feed) openGraph() Graph {
	if s := f.session; s != nil && !s.inputClosed {
		return s.graph
	}
	return nil
}

// Decoded is the number of frames that left the decoders of all the feed's
// connections, as their graphs counted them. It is never derived from the
// ledgers: that the two agree at rest is what proves the books.
func (f *Feed) Decoded() uint64 {
	f.mu.Lock()
	n, open := f.stats.closedDecoded, f.openGraph()
	f.mu.Unlock()
	if open != nil {
		n += open.Counts().Decoded
	}
	return n
}

// Ledger is what became of the frames at processor i, in the order of
// Settings.Processors. At rest its sum is Decoded.
func (f *Feed) Ledger(i int) frame.Ledger {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lanes[i].ledger
}

// Pending is the number of answers and frames the feed still has to do with:
// accepted by a coordinator, in a slot, or held for the annotated stream; at a
// processor that follows another one also what that one has. It is 0 after a
// full stop.
func (f *Feed) Pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.undecided()
	if f.session != nil && f.session.outbox != nil {
		n += f.session.outbox.held.n
	}
	return n
}

// undecided frames have no outcome yet, over all lanes; with mu held.
func (f *Feed) undecided() int {
	n := 0
	for i := range f.lanes {
		n += f.undecidedAt(i)
	}
	return n
}
