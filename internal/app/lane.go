package app

import (
	"sync/atomic"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/pipeline"
)

// lane joins one feed to one processor's coordinator: submissions one way,
// answers the other. Until the coordinator is there, and after it has gone for
// good, submissions are unavailable.
type lane struct {
	feed  *pipeline.Feed // set before the first submission
	index int            // of the processor in the feed
	// weight is the feed's, log where what concerns both is said.
	weight float64
	log    *coalesce.Logger
	opts   batchsink.FeedOptions
	port   atomic.Pointer[batchsink.Port]
	// answer is reused: a feed's answers come one at a time, and the feed copies
	// what it keeps.
	answer frame.Result
}

// Submit implements pipeline.Batcher.
func (l *lane) Submit(f *frame.Frame, v frame.ViewState, regions []frame.Box) (frame.Outcome, bool) {
	port := l.port.Load()
	if port == nil {
		return frame.Unavailable, false
	}
	var err error
	if len(regions) > 0 {
		_, err = port.SubmitParts(f, v, regions)
	} else {
		_, err = port.Submit(f, v)
	}
	if err == nil {
		return 0, true
	}
	outcome, known := batchsink.RejectedAs(err)
	if !known {
		outcome = frame.Unavailable
	}
	return outcome, false
}

// settled takes an answer back to the feed; it runs on the coordinator's
// goroutine.
func (l *lane) settled(t *batchsink.Ticket) {
	l.answer = t.Result()
	l.feed.Settled(l.index, t.Frame(), &l.answer, t.Parts())
}

// attach opens the lane. The feed may be submitting already.
func (l *lane) attach(h *batchsink.Handle) error {
	o := l.opts
	o.Settled = l.settled
	port, err := h.Attach(l.feed.ID(), o)
	if err != nil {
		return err
	}
	port.SetLive(l.feed.Status().State == pipeline.Live)
	l.port.Store(port)
	return nil
}

// detach closes the lane and settles what is under way.
func (l *lane) detach() {
	if port := l.port.Swap(nil); port != nil {
		port.Detach()
	}
}

// setLive tells the coordinator whether the feed is to be expected.
func (l *lane) setLive(live bool) {
	if port := l.port.Load(); port != nil {
		port.SetLive(live)
	}
}

// reconnected tells the coordinator that the feed's stream begins anew.
func (l *lane) reconnected() {
	if port := l.port.Load(); port != nil {
		port.Reconnected()
	}
}
