package rtspout

import "github.com/nvpipe/nvpipe/frame"

// EventKind says what happened.
type EventKind string

// What happens to streams and viewers.
const (
	ViewerJoined EventKind = "viewer_joined"
	ViewerLeft   EventKind = "viewer_left"
	// ViewerCut: it did not keep up.
	ViewerCut EventKind = "viewer_cut"
	// ViewerRefused: there are too many viewers.
	ViewerRefused EventKind = "viewer_refused"
	// AuthFailed: wrong user or password.
	AuthFailed EventKind = "auth_failed"
	// NoSignal: viewers see the "no signal" picture from now on.
	NoSignal EventKind = "no_signal"
	// Signal: viewers see the feed again.
	Signal EventKind = "signal"
	// StreamFailed: a picture could not be sent, or the "no signal" picture
	// not be made; Err says why. The stream goes on.
	StreamFailed EventKind = "stream_failed"
)

// Event is something an operator may want to know. It holds no secret.
type Event struct {
	Kind EventKind
	// Feed may be empty for AuthFailed.
	Feed frame.FeedID
	// Viewer is the address of the viewer, if it is about one.
	Viewer string
	// Err is why, if there is more to say.
	Err error
}

// Hooks is what a server calls; each may be nil. They are called on the
// server's goroutines and must not block.
type Hooks struct {
	// OnDemand: a viewer has come, or a stream can go on only with a keyframe.
	// At most about once a second per feed and viewer.
	OnDemand func(frame.FeedID)
	OnEvent  func(Event)
	// NoSignal makes the picture that viewers see while nothing comes from the
	// feed, at that size: H.264 keyframes in Annex B form which are shown in
	// turn, at least two with different idr_pic_id. It may take some 100 ms. With nil
	// viewers see the last picture instead.
	NoSignal func(width, height int) ([]frame.Packet, error)
}

func (h Hooks) demand(feed frame.FeedID) {
	if h.OnDemand != nil {
		h.OnDemand(feed)
	}
}

func (h Hooks) event(e Event) {
	if h.OnEvent != nil {
		h.OnEvent(e)
	}
}
