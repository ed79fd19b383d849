package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// session is one connection of a feed: what its graph calls, and what the
// feed's goroutine is told of it.
type session struct {
	feed   *Feed
	live   bool // an end of the stream is a fault
	graph  Graph
	outbox *outbox // nil without a continuation
	begun  bool    // Start has succeeded
	// connected gives the turn to connect back, at the first frame.
	connected func()
	notify    chan struct{} // capacity 1: there is something to read

	// Guarded by Feed.mu.
	inputClosed bool
	watched     bool // the feed's goroutine is to hear of the next frame
	fresh       bool // a frame has come since frames were last missed
	firstFrame  time.Time
	lastFrame   time.Time
	keySeen     bool

	mailMu  sync.Mutex
	mail    mail
	notices int
}

// mail is what a graph has reported and the feed has not read yet.
type mail struct {
	failed      *GraphEvent // the first error
	eos         bool
	firstPacket bool
	other       []GraphEvent
}

// maxNotices is how many lines of one connection are worth reading.
const maxNotices = 32

func newSession(f *Feed, live bool) *session {
	return &session{feed: f, live: live, notify: make(chan struct{}, 1), watched: true}
}

func (s *session) signal() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// OnFrame implements GraphHandler.
func (s *session) OnFrame(f *frame.Frame) { s.feed.intake(s, f) }

// frame notes that one has come, with mu held.
func (s *session) frame(now time.Time) {
	if s.firstFrame.IsZero() {
		s.firstFrame = now
	}
	s.lastFrame, s.fresh = now, true
	if s.watched {
		// The second frame is news too: it shortens the stall limit.
		s.watched = s.feed.pace.interval == 0
		s.signal()
	}
}

// OnEvent implements GraphHandler.
func (s *session) OnEvent(e GraphEvent) {
	if e.Kind == EventKeyframe {
		s.keyframe(time.Now())
		return
	}
	s.mailMu.Lock()
	defer s.mailMu.Unlock()
	switch m := &s.mail; {
	case e.Kind == EventError && m.failed == nil:
		m.failed = &e
	case e.Kind == EventError:
	case e.Kind == EventEOS:
		m.eos = true
	case e.Kind == EventFirstPacket:
		m.firstPacket = true
	case e.Kind != EventNotice:
		m.replace(e)
	case s.notices < maxNotices:
		s.notices++
		m.other = append(m.other, e)
	}
	s.signal()
}

// replace keeps the newest event of each kind: only that one is true.
func (m *mail) replace(e GraphEvent) {
	m.other = slices.DeleteFunc(m.other, func(old GraphEvent) bool { return old.Kind == e.Kind })
	m.other = append(m.other, e)
}

func (s *session) keyframe(now time.Time) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.keySeen = true
	s.feed.pace.keyframe(now)
}

func (s *session) read() mail {
	s.mailMu.Lock()
	defer s.mailMu.Unlock()
	m := s.mail
	s.mail = mail{}
	return m
}

// OnPacket implements GraphHandler.
func (s *session) OnPacket(p frame.Packet) {
	if !s.feed.admit(&p) {
		return
	}
	for _, sink := range s.feed.settings.Sinks {
		if sink.Wanted() {
			sink.Write(p)
		}
	}
}

// admit counts a packet. One that is not after its predecessor, which only an
// abandoned graph could bring, is left out: sinks outlive connections, and what
// they write must not go back in time.
func (f *Feed) admit(p *frame.Packet) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stats.Packets > 0 && p.PTS <= f.packetPTS {
		f.stats.PacketsRefused++
		return false
	}
	f.packetPTS = p.PTS
	f.stats.Packets++
	return true
}

// closeInput ends the connection's frames. Bounded by ctx and teardownLimit.
func (s *session) closeInput(ctx context.Context) {
	if !s.begun {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, teardownLimit)
	defer cancel()
	err := s.graph.CloseInput(ctx)
	s.book()
	s.feed.tornDown("input", err)
}

// close lets held frames go on, waits for what is in the continuation, and
// frees the graph. Bounded by ctx and twice teardownLimit.
func (s *session) close(ctx context.Context) {
	if s.outbox != nil {
		s.emptyOutbox(ctx)
	}
	within, cancel := context.WithTimeout(ctx, teardownLimit)
	defer cancel()
	err := s.graph.Close(within)
	if !s.begun {
		s.book()
	}
	s.feed.leave(s)
	s.feed.tornDown("graph", err)
}

func (s *session) emptyOutbox(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, teardownLimit)
	defer cancel()
	f := s.feed
	f.mu.Lock()
	s.outbox.drain()
	f.unlock()
	select {
	case <-s.outbox.done:
		return
	case <-ctx.Done():
	}
	f.mu.Lock()
	s.outbox.abandon()
	s.outbox.checkOver()
	f.mu.Unlock()
	f.tornDown("continuation", ctx.Err())
}

// book closes the account of the graph, whose counts are final: what was lost
// on the way here is an outcome too.
func (s *session) book() {
	c := s.graph.Counts()
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	s.inputClosed = true
	f.stats.closedDecoded += c.Decoded
	f.stats.LeftOut += c.LeftOut
	f.stats.Lost += c.Lost
	for i := range f.lanes {
		f.lanes[i].ledger[frame.Stopped] += c.Lost
	}
}

// lived is how long the connection has delivered frames.
func (s *session) lived() time.Duration {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	return s.lastFrame.Sub(s.firstFrame)
}
