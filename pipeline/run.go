package pipeline

import (
	"context"
	"fmt"
	"time"
)

// Run is the feed's life: it connects, follows the connection, and connects
// again after a pause, for ever. It returns when ctx ends or the feed is told
// to stop, with everything closed and every frame settled, or when a film that
// is not looped has ended. It is called once; the error is only about that.
func (f *Feed) Run(ctx context.Context) error {
	if !f.running.CompareAndSwap(false, true) {
		return fmt.Errorf("feed %s: Run is called a second time", f.id)
	}
	defer close(f.done)
	for {
		s, end := f.connection(ctx)
		if end.final {
			f.finish(ctx, s, end)
			return nil
		}
		f.backOff(ctx, s, end)
	}
}

// connection is one attempt, from building a graph until it has to be taken
// down. The session is nil if there was no graph.
func (f *Feed) connection(ctx context.Context) (*session, ending) {
	shutdown := ending{reason: ReasonShutdown, final: true}
	if f.toldToStop(ctx) {
		return nil, shutdown
	}
	over, ok := f.takeTurn(ctx)
	if !ok {
		return nil, shutdown
	}
	defer over()
	f.begin()
	source, err := f.settings.Source.Resolve()
	if err != nil {
		return nil, failed(err, ReasonConfig)
	}
	source.RTSP.Transport = f.transport(source.RTSP.Transport)
	err = f.findHost(ctx, source)
	if f.toldToStop(ctx) {
		return nil, shutdown
	}
	if err != nil {
		return nil, failed(err, ReasonUnreachable)
	}
	s := newSession(f, source.Live())
	s.connected = over
	g, err := f.settings.Build(source, f.settings.Graph, s)
	if err != nil {
		return nil, failed(err, ReasonUnsupported)
	}
	f.enter(s, g)
	started := time.Now()
	if err := g.Start(); err != nil {
		return s, failed(err, ReasonLost)
	}
	s.begun = true
	return s, s.watch(ctx, started)
}

func (f *Feed) toldToStop(ctx context.Context) bool { return ctx.Err() != nil || f.stopInput.made() }

// takeTurn waits until the feed may connect. It reports false if the feed is to
// stop before.
func (f *Feed) takeTurn(ctx context.Context) (over func(), ok bool) {
	if f.settings.Ramp == nil || f.settings.Source.Kind() != SourceRTSP {
		return func() {}, true
	}
	ctx, cancel := f.stopInput.unless(ctx)
	defer cancel()
	return f.settings.Ramp.take(ctx, f.retries.failures > 1, func() {
		f.change(Connecting, ReasonQueued, "other cameras are being connected", 0)
	})
}

func failed(err error, otherwise Reason) ending {
	return ending{reason: reasonOf(err, otherwise), text: plain(err)}
}

// begin is the bookkeeping of another attempt.
func (f *Feed) begin() {
	select {
	case <-f.retry: // it was about an earlier attempt
	default:
	}
	f.attempts++
	f.statusMu.Lock()
	f.status.Restarts = f.attempts - 1
	f.statusMu.Unlock()
	f.change(Connecting, ReasonNone, "", 0)
}

// enter makes s the session whose frames come next.
func (f *Feed) enter(s *session, g Graph) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.graph = g
	if f.settings.Graph.Annotate {
		s.outbox = newOutbox(f, g)
	}
	f.clock.rejoin()
	f.pace.begin()
	f.session = s
}

// leave ends s's being the session.
func (f *Feed) leave(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session == s {
		f.session = nil
	}
}

// backOff takes a failed connection down and waits until the next is due. The
// time the former takes counts.
func (f *Feed) backOff(ctx context.Context, s *session, end ending) {
	now := time.Now()
	var lived time.Duration
	if s != nil {
		lived = s.lived()
	}
	if end.reason == ReasonUnsupported {
		f.tcpUntil = time.Time{} // TCP may be what is not supported any more
	}
	wait := f.retries.next(now, end.reason, lived, f.settings.Random())
	f.change(BackingOff, end.reason, end.text, wait)
	if s != nil {
		s.closeInput(f.stopInput.context())
		s.close(f.close.context())
	}
	f.pause(ctx, now.Add(wait))
}

func (f *Feed) pause(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-f.stopInput.c:
	case <-f.retry:
		f.retries.reset()
	}
}

// Retry ends the pause before the next attempt, if the feed is in one, and
// makes the pauses begin at their short end again: something about the camera
// was changed.
func (f *Feed) Retry() {
	select {
	case f.retry <- struct{}{}:
	default:
	}
}
