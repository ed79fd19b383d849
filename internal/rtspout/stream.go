package rtspout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

const (
	// noSignalEvery is how often the "no signal" picture is sent: seldom
	// enough to cost nothing, often enough that players do not give up.
	noSignalEvery = time.Second
	// demandEvery bounds requests for keyframes.
	demandEvery = time.Second
	// The size of the "no signal" picture of a feed that has never sent one.
	defaultWidth, defaultHeight = 640, 360
)

// Stream is one feed's stream. Wanted and Write may be called from any
// goroutine, at any time.
type Stream struct {
	feed  frame.FeedID
	hooks Hooks
	after time.Duration // of silence, until the "no signal" picture
	queue chan frame.Packet
	// joined wakes the stream's goroutine for a viewer.
	joined chan struct{}

	viewers atomic.Int32
	counts  counters

	producer struct {
		sync.Mutex
		// resync: a packet was dropped, those up to the next keyframe are
		// worth nothing.
		resync   bool
		demanded time.Time
	}

	// Set when the server is started, before run.
	cast *rtpcast.Cast
	stop context.CancelFunc
	done chan struct{} // closed when run has returned

	// Of the stream's own goroutine.
	clock         clock
	params        [][]byte
	width, height int
	slate         slate
	silent        bool // viewers see the "no signal" picture
}

type counters struct {
	packets, bytes, dropped, cut, refused atomic.Uint64
}

func newStream(feed frame.FeedID, cfg Config, hooks Hooks) *Stream {
	return &Stream{
		feed: feed, hooks: hooks, after: cfg.NoSignalAfter,
		queue:  make(chan frame.Packet, cfg.Queue),
		joined: make(chan struct{}, 1),
		done:   make(chan struct{}),
		width:  defaultWidth, height: defaultHeight,
	}
}

// Wanted reports whether anybody is watching.
func (s *Stream) Wanted() bool { return s.viewers.Load() > 0 }

// Write hands over one access unit. It never waits: when the queue is full the
// packet is dropped and counted, and so are those after it up to the next
// keyframe, which is asked for. Without viewers it does nothing.
func (s *Stream) Write(p frame.Packet) {
	if !s.Wanted() {
		return
	}
	s.producer.Lock()
	defer s.producer.Unlock()
	if s.producer.resync && !p.Keyframe {
		s.counts.dropped.Add(1)
		s.demandKeyframe()
		return
	}
	select {
	case s.queue <- p:
		s.producer.resync = false
	default:
		s.counts.dropped.Add(1)
		s.producer.resync = true
	}
}

// demandKeyframe is called with producer locked.
func (s *Stream) demandKeyframe() {
	if now := time.Now(); now.Sub(s.producer.demanded) >= demandEvery {
		s.producer.demanded = now
		s.hooks.demand(s.feed)
	}
}

// run sends what comes, and the "no signal" picture when nothing does.
func (s *Stream) run(ctx context.Context) {
	defer close(s.done)
	silence := time.NewTimer(s.after)
	silence.Stop()
	defer silence.Stop()
	watching := false // the silence timer runs
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.joined:
			if !watching {
				watching = true
				silence.Reset(s.after)
			}
		case p := <-s.queue:
			if s.take(p) {
				watching = true
				silence.Reset(s.after)
			}
		case <-silence.C:
			if watching = s.fill(); watching {
				silence.Reset(noSignalEvery)
			}
		}
	}
}

// take sends a packet of the feed, unless viewers could not decode it.
func (s *Stream) take(p frame.Packet) bool {
	if s.silent && !p.Keyframe {
		s.counts.dropped.Add(1)
		s.producer.Lock()
		defer s.producer.Unlock()
		s.demandKeyframe()
		return false
	}
	if s.silent {
		s.silent = false
		s.hooks.event(Event{Kind: Signal, Feed: s.feed})
	}
	if p.Width > 0 && p.Height > 0 {
		s.width, s.height = p.Width, p.Height
	}
	if p.Keyframe {
		p.Data = s.withParams(p.Data)
	}
	now := time.Now()
	if p.Captured.IsZero() {
		p.Captured = now
	}
	p.PTS = s.clock.packet(p.PTS, now)
	s.send(p)
	return true
}

// withParams makes sure that a keyframe carries its parameter sets, and that
// the SDP has them too.
func (s *Stream) withParams(data []byte) []byte {
	if params := rtpcast.H264.Params(data); params != nil {
		s.params = params
		s.cast.SetParams(0, params)
		return data
	}
	if s.params == nil {
		return data
	}
	return append(rtpcast.AnnexB(s.params...), data...)
}

// fill sends the "no signal" picture, if anybody is there to see it.
func (s *Stream) fill() bool {
	if !s.Wanted() {
		s.silent = false
		return false
	}
	p, ok := s.slate.next(s.hooks, s.feed, s.width, s.height)
	if !s.silent {
		s.silent = true
		s.hooks.event(Event{Kind: NoSignal, Feed: s.feed})
		s.hooks.demand(s.feed)
	}
	if ok {
		if s.params == nil {
			s.cast.SetParams(0, rtpcast.H264.Params(p.Data))
		}
		now := time.Now()
		p.PTS, p.Captured, p.Keyframe = s.clock.filler(now), now, true
		s.send(p)
	}
	return true
}

func (s *Stream) send(p frame.Packet) {
	s.counts.packets.Add(1)
	s.counts.bytes.Add(uint64(len(p.Data)))
	if err := s.cast.Send(rtpcast.Unit{Packet: p}); err != nil {
		s.hooks.event(Event{Kind: StreamFailed, Feed: s.feed, Err: err})
	}
}
