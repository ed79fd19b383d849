package pipeline

import "time"

// vitals are what decides whether a connection is well.
type vitals struct {
	state State // Connecting, WaitingKeyframe or Live
	// since is when the state's clock began: the start, the first packet, or
	// the last frame before frames stopped coming.
	since      time.Time
	lastFrame  time.Time // zero: none
	lastPacket time.Time // zero: none, or not known

	connectLimit, firstFrameLimit, stallLimit time.Duration
}

// verdict is the state the connection is in now. Stalled means that it is to be
// given up, with the reason. Otherwise look is when to look again, if nothing
// has been heard until then.
func (v vitals) verdict(now time.Time) (state State, reason Reason, look time.Time) {
	switch v.state {
	case Connecting:
		return v.connecting(now)
	case WaitingKeyframe:
		return v.waiting(now)
	}
	return v.living(now)
}

func (v vitals) connecting(now time.Time) (State, Reason, time.Time) {
	end := v.since.Add(v.connectLimit)
	if now.Before(end) {
		return Connecting, ReasonNone, end
	}
	return Stalled, ReasonUnreachable, time.Time{}
}

func (v vitals) waiting(now time.Time) (State, Reason, time.Time) {
	look := v.since.Add(v.firstFrameLimit)
	if !v.lastPacket.IsZero() {
		silent := v.lastPacket.Add(v.stallLimit)
		if !now.Before(silent) {
			return Stalled, ReasonStalled, time.Time{}
		}
		look = earlier(look, silent)
	}
	if !now.Before(v.since.Add(v.firstFrameLimit)) {
		return Stalled, ReasonNoVideo, time.Time{}
	}
	return WaitingKeyframe, ReasonNone, look
}

func (v vitals) living(now time.Time) (State, Reason, time.Time) {
	end := v.lastFrame.Add(v.stallLimit)
	if now.Before(end) {
		return Live, ReasonNone, end
	}
	// Packets that went on well after the last frame: the camera sends, only
	// nothing that can be decoded before the next keyframe.
	if v.lastPacket.After(v.lastFrame.Add(v.stallLimit / 2)) {
		v.state, v.since = WaitingKeyframe, v.lastFrame
		state, reason, look := v.waiting(now)
		if state == WaitingKeyframe {
			reason = ReasonLongGOP
		}
		return state, reason, look
	}
	return Stalled, ReasonStalled, time.Time{}
}

// silence is how long nothing has come of what is waited for.
func (v vitals) silence(now time.Time) time.Duration {
	if v.state == WaitingKeyframe {
		return now.Sub(v.lastPacket)
	}
	return now.Sub(v.lastFrame)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
