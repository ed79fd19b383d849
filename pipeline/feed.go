package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// ViewProvider says where the camera was looking. View is called once per
// frame on the decoder's streaming thread, with its times but not yet its
// number and its place on the feed's clock. It must not block, and neither
// change the frame nor keep it. The thread is another one after a reconnect,
// and one of an abandoned connection may still come by.
type ViewProvider interface {
	View(f *frame.Frame) frame.ViewState
}

// PacketSink takes the annotated stream: a server, a file. Both methods are
// called on streaming threads and never block.
type PacketSink interface {
	// Wanted reports whether anybody takes packets now. While no sink of a feed
	// wants any, nothing is drawn or encoded.
	Wanted() bool
	// Write takes a packet into the sink's own bounded queue; what does not fit
	// is dropped and counted there. Packets come in order, only while Wanted.
	Write(p frame.Packet)
}

// Tap takes results as they are delivered.
type Tap interface {
	// Deliver gets a frame and one processor's result for it: once for each
	// delivered result, in the frames' order for each processor. One call at a
	// time for a feed. It runs on the coordinator's goroutine: it must not
	// block, and copies what it keeps.
	Deliver(f *frame.Frame, findings []frame.Finding)
}

// Processor joins a feed to one processor's coordinator.
type Processor struct {
	// Name is the processor's name in the config.
	Name    string
	Batcher Batcher
	Config  ProcessorConfig
}

// Settings are what a feed is made of beside its config.
type Settings struct {
	Source     Source
	Graph      GraphSettings // Feed, Annotate and ConnectLimit are set by the feed
	Build      BuildGraph
	Processors []Processor
	// View is nil for a camera that never moves.
	View  ViewProvider
	Sinks []PacketSink
	Taps  []Tap
	// OnEvent is called on the feed's own goroutine, for one event at a time;
	// it should not block. It may be nil.
	OnEvent func(Event)
	// Ramp makes the feed wait its turn to connect to a camera; nil: it does not.
	Ramp *Ramp
	// LookupHost finds the addresses of a camera's name, as net.Resolver does; nil:
	// names are not looked up before a graph is built.
	LookupHost func(ctx context.Context, host string) ([]string, error)
	// Random returns 0–1 and spreads the retries; nil: the standard generator.
	Random func() float64
}

// Feed is one camera for as long as it is configured. Create it with [New],
// run it with [Feed.Run]; everything else may be called from any goroutine.
type Feed struct {
	id       frame.FeedID
	config   Config
	settings Settings

	// delivery makes taps see one result at a time. Lock order: delivery, mu.
	delivery sync.Mutex
	tapped   [1]frame.Finding // reused, so that a delivery allocates nothing

	// mu guards the frames' way through the feed. It is held for moments:
	// Batcher.Submit and a frame's Release are all that is called under it.
	mu      sync.Mutex
	lanes   []lane
	clock   streamClock
	pace    pace
	seq     uint64
	session *session // nil between connections
	stats   Stats    // what is counted here; Feed.Stats fills in the rest
	// packetPTS is the newest of the annotated stream.
	packetPTS time.Duration
	viewNews  []Event       // changes of view that have not been told
	quiet     chan struct{} // closed when no frame is undecided; nil: nobody waits

	statusMu sync.Mutex
	status   Status

	life
}

// New makes a feed that is idle until Run. The error has every mistake.
func New(id frame.FeedID, c Config, s Settings) (*Feed, error) {
	if err := check(c, s); err != nil {
		return nil, fmt.Errorf("feed %s: %w", id, err)
	}
	if err := s.Source.SplitCredentials(); err != nil {
		return nil, fmt.Errorf("feed %s: %w", id, err)
	}
	if s.View == nil {
		s.View = frame.FixedView{}
	}
	if s.OnEvent == nil {
		s.OnEvent = func(Event) {}
	}
	if s.Random == nil {
		s.Random = rand.Float64
	}
	s.Graph.Feed = id
	s.Graph.ConnectLimit = c.ConnectLimit / 2
	s.Graph.Annotate = len(s.Sinks) > 0 || s.Graph.DiscardContinuation
	f := &Feed{
		id: id, config: c, settings: s, life: newLife(),
		status: Status{State: Idle, Since: time.Now()},
	}
	for _, p := range s.Processors {
		f.lanes = append(f.lanes, newLane(p))
	}
	if err := connect(f.lanes); err != nil {
		return nil, fmt.Errorf("feed %s: %w", id, err)
	}
	return f, nil
}

func check(c Config, s Settings) error {
	errs := []error{c.Validate(), s.Source.Validate()}
	for _, p := range s.Processors {
		if err := p.Config.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("processor %s: %w", p.Name, err))
		}
		if p.Batcher == nil {
			errs = append(errs, fmt.Errorf("processor %s: has no coordinator", p.Name))
		}
	}
	if s.Build == nil {
		errs = append(errs, errors.New("no way to build a graph"))
	}
	return errors.Join(errs...)
}

// ID is the feed's name.
func (f *Feed) ID() frame.FeedID { return f.id }

// Status is the feed's condition now.
func (f *Feed) Status() Status {
	f.statusMu.Lock()
	st := f.status
	f.statusMu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	st.LastFrame = f.stats.LastFrame
	if st.State == Live {
		st.FPS = f.pace.fps()
	}
	return st
}

// RequestKeyframe makes the next picture of the annotated stream a keyframe,
// for somebody who has begun to watch.
func (f *Feed) RequestKeyframe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != nil && f.session.outbox != nil {
		f.session.outbox.forceKey = true
	}
}
