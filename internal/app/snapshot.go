package app

import (
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/governor"
	"github.com/nvpipe/nvpipe/internal/memory"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/processors"
)

// Snapshot is the running program in figures, for metrics, tables and APIs.
// Feeds and processors are ordered by name.
type Snapshot struct {
	At         time.Time
	Feeds      []FeedSnapshot
	Processors []ProcessorSnapshot
	Outputs    []OutputSnapshot
	// Memory is the process's.
	Memory memory.Figures
}

// FeedSnapshot is one feed.
type FeedSnapshot struct {
	ID      frame.FeedID
	Status  pipeline.Status
	Stats   pipeline.Stats
	Decoded uint64
	// Pending frames have no outcome yet, or are held for the annotated stream.
	Pending    int
	Processors []FeedProcessorSnapshot
	// Viewers of the annotated stream now.
	Viewers int
}

// FeedProcessorSnapshot is one feed at one of its processors.
type FeedProcessorSnapshot struct {
	Name string
	// Of is the processor whose detections are cropped for this one; empty: it
	// gets whole frames.
	Of     string
	Ledger frame.Ledger
	Crops  pipeline.CropStats
	// Target is the feed's rate while the processor is overloaded, in frames a
	// second; 0: it is not limited.
	Target float64
}

// LedgerExact reports whether every decoded frame has exactly one outcome at
// every processor. It is meant for a feed at rest: a running one has frames
// under way.
func (f FeedSnapshot) LedgerExact() bool {
	for _, p := range f.Processors {
		if p.Ledger.Sum() != f.Decoded {
			return false
		}
	}
	return true
}

// ProcessorSnapshot is one processor's coordinator.
type ProcessorSnapshot struct {
	Name string
	// Up: it is there and takes entries.
	Up bool
	// Load says whether it keeps up with its feeds.
	Load  governor.Load
	Batch batchsink.Stats
	// Figures of its own, added up over its instances.
	Figures []processors.Figure
}

// OutputSnapshot is one event file or film.
type OutputSnapshot struct {
	// Kind is "events" or "file"; Feed is empty for what feeds share.
	Kind string
	Feed frame.FeedID
	Path string
	// Written and Dropped are lines of events, or packets of films.
	Written, Dropped uint64
	// Trouble says why nothing can be written now; empty when all is well.
	Trouble string
}

// addOutput adds an output unless it is there: feeds may share a file of events,
// and each of them shows it.
func (s *Snapshot) addOutput(o OutputSnapshot) {
	for _, is := range s.Outputs {
		if is.Kind == o.Kind && is.Feed == o.Feed && is.Path == o.Path {
			return
		}
	}
	s.Outputs = append(s.Outputs, o)
}
