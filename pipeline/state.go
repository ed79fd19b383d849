package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// State is where a feed is in its life.
type State uint8

const (
	// Idle: not run yet.
	Idle State = iota
	// Connecting: a graph is being built and started; nothing has arrived.
	Connecting
	// WaitingKeyframe: packets arrive, but no frame comes out of the decoder
	// yet, or none any more.
	WaitingKeyframe
	// Live: frames arrive.
	Live
	// Stalled: frames have stopped coming; the connection is being torn down.
	Stalled
	// BackingOff: waiting before the next attempt.
	BackingOff
	// Stopped: over, by request or because a film has ended.
	Stopped
)

var stateNames = [...]string{
	"idle", "connecting", "waiting_keyframe", "live", "stalled", "backing_off", "stopped",
}

// String is the state's name in metrics, events and the API.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// States lists every state in order.
func States() [7]State {
	return [7]State{Idle, Connecting, WaitingKeyframe, Live, Stalled, BackingOff, Stopped}
}

// Status is a feed's condition at one moment.
type Status struct {
	State  State
	Reason Reason
	// Text says for people what happened, without credentials; it may be empty.
	Text  string
	Since time.Time
	// NextRetry is when the next attempt begins; zero unless BackingOff.
	NextRetry time.Time
	// Restarts are connection attempts after the first.
	Restarts int
	// Decoder, Width, Height and Latency are as a connection last reported
	// them; zero until then.
	Decoder       string
	Width, Height int
	Latency       time.Duration
	// Transport that the camera has agreed to; empty until then, and for others
	// than cameras.
	Transport string
	// FPS is the rate seen, averaged over about eight frames; 0 until two have
	// come, and while the feed is not Live.
	FPS float64
	// LastFrame is when the newest frame arrived; zero: none yet.
	LastFrame time.Time
}

// EventType says what an Event is about.
type EventType uint8

const (
	// StateChanged: From, To, Reason, Text and RetryIn are set.
	StateChanged EventType = iota
	// DecoderChosen: Text has the decoder and why.
	DecoderChosen
	// TimeJumped: the stream's time stepped and was mapped onto the feed's
	// clock, Count times since the last such event. At most one a minute.
	TimeJumped
	// ContinuationFailed: the annotated stream stops until the next connection;
	// analysis goes on. Text says why.
	ContinuationFailed
	// TeardownFailed: a part of a graph did not end in time and was abandoned.
	TeardownFailed
	// Notice: Text is a line from the graph worth logging.
	Notice
	// ViewChanged: the camera shows another view. View is set for this and the
	// next three.
	ViewChanged
	// LensCovered: the picture has lost its structure.
	LensCovered
	// LensBlinded: so much of the picture is white that the scene is not seen.
	LensBlinded
	// LensClear: the camera can see again.
	LensClear
)

var eventTypeNames = [...]string{
	"state", "decoder", "time_jump", "continuation_failed", "teardown_failed", "notice",
	"view_changed", "lens_covered", "lens_blinded", "lens_clear",
}

// String is the type's name in events and logs.
func (t EventType) String() string {
	if int(t) < len(eventTypeNames) {
		return eventTypeNames[t]
	}
	return "unknown"
}

// Event is something that happened to a feed; never one per frame.
type Event struct {
	Feed     frame.FeedID
	At       time.Time
	Type     EventType
	From, To State
	Reason   Reason
	Text     string
	// RetryIn is the pause before the next attempt, when To is BackingOff.
	RetryIn time.Duration
	Count   uint64
	// View is what has changed about the view; nil with other types.
	View *ViewChange
}
