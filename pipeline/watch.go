package pipeline

import (
	"context"
	"fmt"
	"time"
)

// ending is how a connection ended.
type ending struct {
	reason Reason
	text   string
	final  bool // the feed is to stop, not to try again
}

// watch follows a started connection until it ends. It runs on the feed's
// goroutine, which is the only one to change the feed's state.
func (s *session) watch(ctx context.Context, started time.Time) ending {
	f := s.feed
	v := vitals{state: Connecting, since: started, connectLimit: f.config.ConnectLimit}
	timer := time.NewTimer(v.connectLimit)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ending{reason: ReasonShutdown, final: true}
		case <-f.stopInput.c:
			return ending{reason: ReasonShutdown, final: true}
		case <-s.notify:
		case <-timer.C:
		}
		f.tellViews()
		if e, over := s.follow(&v); over {
			return e
		}
		now := time.Now()
		look, e, over := s.judge(&v, now)
		if over {
			return e
		}
		timer.Reset(look.Sub(now))
		f.tellJumps(now, false)
	}
}

// follow reads what the graph has reported.
func (s *session) follow(v *vitals) (ending, bool) {
	m := s.read()
	for _, e := range m.other {
		s.feed.note(s, e)
	}
	switch {
	case m.failed != nil:
		return failure(m.failed), true
	case m.eos && s.live:
		return ending{reason: ReasonLost, text: "the stream ended"}, true
	case m.eos:
		return ending{reason: ReasonEnded, final: true}, true
	case m.firstPacket && v.state == Connecting:
		v.state, v.since = WaitingKeyframe, time.Now()
		s.feed.change(WaitingKeyframe, ReasonNone, "", 0)
	}
	return ending{}, false
}

func failure(e *GraphEvent) ending {
	end := ending{reason: e.Reason, text: e.Text}
	if end.reason == ReasonNone {
		end.reason = ReasonLost
	}
	if end.text == "" && e.Err != nil {
		end.text = plain(e.Err)
	}
	return end
}

// judge looks at frames and packets, and moves the state accordingly.
func (s *session) judge(v *vitals, now time.Time) (look time.Time, e ending, over bool) {
	s.measure(v)
	state, reason, look := v.verdict(now)
	if state == Stalled {
		return look, s.giveUp(v, reason, now), true
	}
	if state != v.state {
		s.become(v, state, reason)
	}
	return look, ending{}, false
}

// measure brings v up to date, and makes it Live if a frame has come.
func (s *session) measure(v *vitals) {
	f := s.feed
	packet := s.graph.Counts().LastPacket
	f.mu.Lock()
	v.lastPacket, v.lastFrame = packet, s.lastFrame
	v.stallLimit = stallLimit(f.config, f.pace.interval)
	v.firstFrameLimit = firstFrameLimit(f.config, f.pace.gop)
	if f.pace.interval == 0 {
		// Without an interval to go by, a slow camera's second frame is waited
		// for as long as its first.
		v.stallLimit = max(v.stallLimit, v.firstFrameLimit)
	}
	news := v.state != Live && s.fresh
	f.mu.Unlock()
	if news {
		s.connected()
		v.state = Live
		f.change(Live, ReasonNone, "", 0)
	}
}

// become goes from Live back to WaitingKeyframe.
func (s *session) become(v *vitals, state State, reason Reason) {
	v.state, v.since = state, v.lastFrame
	s.feed.mu.Lock()
	s.watched, s.fresh = true, false
	s.feed.mu.Unlock()
	s.feed.change(state, reason, "long GOP: packets arrive, but no frame can be decoded before the next keyframe", 0)
}

// giveUp says why a connection is to be ended.
func (s *session) giveUp(v *vitals, reason Reason, now time.Time) ending {
	var end ending
	switch reason {
	case ReasonUnreachable:
		end = ending{reason: reason, text: fmt.Sprintf("no video data within %v", v.connectLimit)}
	case ReasonNoVideo:
		end = s.noVideo(v, now)
	default:
		end = ending{reason: reason, text: fmt.Sprintf("nothing for %v", v.silence(now).Round(100*time.Millisecond))}
	}
	if end.reason == ReasonStalled {
		s.feed.change(Stalled, end.reason, end.text, 0)
	}
	return end
}

// noVideo tells a keyframe that could not be decoded from one that never came.
// The wait is then a lower bound of the keyframe interval, and the next
// attempt waits longer.
func (s *session) noVideo(v *vitals, now time.Time) ending {
	waited := now.Sub(v.since).Round(100 * time.Millisecond)
	units := s.graph.Counts().Packets
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !v.lastFrame.IsZero():
		return ending{reason: ReasonStalled, text: fmt.Sprintf("data arrives, but nothing could be decoded any more for %v", waited)}
	case s.keySeen || v.lastPacket.IsZero():
		return ending{reason: ReasonNoVideo, text: fmt.Sprintf("nothing could be decoded within %v of the first data", waited)}
	}
	f.pace.atLeast(now.Sub(v.since))
	if units == 0 {
		// No keyframe, with which the parameter sets may come; or there are none.
		return ending{reason: ReasonNoVideo, text: fmt.Sprintf("data arrives, but neither parameter sets nor a keyframe within %v", waited)}
	}
	return ending{reason: ReasonLongGOP, text: fmt.Sprintf("long GOP: no keyframe within %v", waited)}
}
