package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// ErrFull is Push's refusal: the continuation has as many frames as it may.
var ErrFull = errors.New("the continuation is full")

// BuildGraph makes the media graph of one connection of one feed. It
// allocates and checks; nothing runs before Start. The source is resolved:
// its URL has no credentials in it. An error that is an [*Error] keeps its
// reason; any other counts as ReasonUnsupported.
type BuildGraph func(Source, GraphSettings, GraphHandler) (Graph, error)

// Graph is one running media pipeline: source and decoder up to the handler,
// and the continuation half from Push to OnPacket. A feed builds a new one for
// every connection.
//
// The methods are called by the feed's goroutines, Start before all others;
// Push is called by one goroutine at a time.
type Graph interface {
	// Start lets the media flow. It does not wait for the camera: what goes
	// wrong after it has returned comes as an event. After an error only Close
	// is called.
	Start() error
	// Push hands a frame that came from this graph's OnFrame on into the
	// continuation, with what is to be drawn. It does not block and takes its
	// own reference of the frame; findings and what they point to stay
	// unchanged for ever, so it may keep them. ErrFull: not taken.
	Push(f *frame.Frame, findings []frame.Finding) error
	// ForceKeyframe asks the encoder to make its next picture a keyframe. Any
	// goroutine may call it, also when nothing is encoded.
	ForceKeyframe()
	// CloseInput ends the input half. When it has returned, with or without an
	// error, OnFrame is not called any more and Counts is final. Bounded by
	// ctx; an error says what was abandoned.
	CloseInput(ctx context.Context) error
	// Close drains the continuation half (its last packets come out first) and
	// frees everything, the input half too if that is still open. Bounded by
	// ctx; an error says what was abandoned. When it has returned the handler
	// is not called any more.
	Close(ctx context.Context) error
	// Counts is what the graph has counted so far. Any goroutine may call it.
	Counts() Counts
}

// Counts are a graph's own figures, counted in the media pipeline and never
// derived from what the handler was given.
type Counts struct {
	// Packets are access units that arrived from the source, before decoding.
	Packets uint64
	// LeftOut of them were not given to the decoder, because only keyframes are
	// wanted.
	LeftOut uint64
	// LastPacket is when the newest of them arrived, by the host's monotonic
	// clock; zero: none yet, or not known. It tells a camera that went silent
	// from one that sends, but nothing that can be decoded.
	LastPacket time.Time
	// Decoded frames, by a probe on the decoder's source pad.
	Decoded uint64
	// Lost frames are decoded ones that never reached OnFrame, counted where
	// they were lost: flushed at teardown, or refused by a conversion.
	Lost uint64
}

// GraphHandler is what a graph calls while it runs.
type GraphHandler interface {
	// OnFrame hands over one decoded frame with its one reference. It is called
	// on a thread of the graph, the decoder's streaming thread unless frames of
	// several graphs are gathered, for one frame at a time, in order of
	// presentation, and does not block. The graph has set Format, Width,
	// Height, Planes, Matrix, FullRange, Suspect, Token, Arrived, Captured,
	// CapturedFrom and Duration; PTS is the running time within this graph.
	// The handler sets Feed, Seq, PTS on the feed's clock, and Discontinuity.
	OnFrame(f *frame.Frame)
	// OnEvent reports what happened in the graph. Any thread of the graph may
	// call it; it does not block, and it calls nothing of the graph back.
	OnEvent(e GraphEvent)
	// OnPacket hands over one access unit of the annotated stream, on the
	// continuation's streaming thread. It does not block. The packet is
	// immutable from here on.
	OnPacket(p frame.Packet)
}

// EventKind says which of a GraphEvent's fields mean something.
type EventKind uint8

const (
	// EventError: the graph cannot go on (Reason, Err). Only the first counts.
	EventError EventKind = iota
	// EventEOS: the source said that it has ended: a film at its end, a camera
	// that closed the connection.
	EventEOS
	// EventFirstPacket: the first media data of this connection has arrived.
	EventFirstPacket
	// EventKeyframe: a keyframe arrived from the source, before decoding.
	EventKeyframe
	// EventDecoder: the decoder in use, after its first picture (Decoder; Text
	// says why this one and what became of those before it).
	EventDecoder
	// EventCaps: the decoded picture's size and nominal rate (Width, Height, FPS).
	EventCaps
	// EventLatency: the delay the graph puts between capture and OnFrame (Latency).
	EventLatency
	// EventContinuation: the continuation half failed (Err) while frames still
	// come: the annotated stream ends, analysis goes on.
	EventContinuation
	// EventTransport: what the media come over (Transport), as agreed with the camera.
	EventTransport
	// EventNotice: something worth a line in the log (Text).
	EventNotice
)

var eventNames = [...]string{
	"error", "eos", "first_packet", "keyframe", "decoder", "caps", "latency", "continuation", "transport", "notice",
}

// String is the kind's name in logs.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// GraphEvent is one thing that happened in a graph. Texts and errors never
// hold a URL's credentials.
type GraphEvent struct {
	Kind EventKind
	// Reason classes an EventError; the empty reason is taken as ReasonLost.
	Reason Reason
	Err    error
	Text   string
	// Decoder is the element's name, such as "avdec_h264".
	Decoder string
	// Width and Height are those of the frames that OnFrame gets.
	Width, Height int
	// FPS is the rate the stream declares; 0 if it does not say.
	FPS float64
	// Transport is TransportTCP or TransportUDP.
	Transport string
	// Latency is 0 or more.
	Latency time.Duration
}

// Image is a picture to draw on, in the memory that the encoder will read.
// Drawing writes into the planes in place and keeps nothing.
type Image struct {
	Format        frame.Format
	Width, Height int
	Planes        [3]frame.Plane
	Matrix        frame.Matrix
	FullRange     bool
}

// GraphSettings are what the feed and its owner ask of a graph beside its source.
type GraphSettings struct {
	// Feed names the graph in the media library's own messages.
	Feed frame.FeedID
	// Decode is DecodeAuto, DecodeHardware or DecodeSoftware; "": DecodeAuto. A
	// decoder that gives no pictures or fails is replaced by the next one in
	// mid-stream, at a keyframe; an EventDecoder follows when that one works.
	Decode string
	// Decoders are element names in order of preference, used where they exist
	// and fit the codec and Decode; empty: the graph's own choice.
	Decoders []string
	// DecodeThreads bounds the threads of a software decoder; 0: 1.
	DecodeThreads int
	// KeyframesOnly keeps all other access units from the decoder.
	KeyframesOnly bool
	// DecoderMemory is asked and told which decoders failed; nil: nobody is.
	DecoderMemory *DecoderMemory
	// MaxWidth, MaxHeight (pixels) and MaxPixels bound the picture a camera may
	// send; a larger one is an EventError of ReasonUnsupported before anything
	// is allocated for it. 0: 8192, 8192 and 40 million.
	MaxWidth, MaxHeight, MaxPixels int
	// Unpaced plays a film as fast as its frames are taken instead of at its own
	// rate. OnFrame may block then, and so hold the decoder back, until CloseInput.
	Unpaced bool
	// ConnectLimit bounds connecting and each handshake reply; 0: 5 s.
	ConnectLimit time.Duration

	// Annotate builds the continuation half. Without it Push is not called.
	Annotate bool
	// Encoders are H.264 encoder elements in order of preference; empty: the
	// graph's own choice.
	Encoders []string
	// KeyInterval is the longest time between two keyframes; 0: 2 s.
	KeyInterval time.Duration
	// BitrateKbps of the encoded stream; 0: chosen by picture size and rate.
	BitrateKbps int
	// Draw puts findings onto a picture. It is called on the continuation's
	// streaming thread, only for frames with findings; nil: nothing is drawn.
	Draw func(img *Image, findings []frame.Finding)
	// DiscardContinuation ends the continuation in a sink that throws frames
	// away undrawn, instead of overlay and encoder: for measuring the bridge.
	DiscardContinuation bool
}

// Error is a failure with the reason that decides how the feed goes on. Its
// text never holds credentials.
type Error struct {
	Reason Reason
	Err    error
}

// Error is the reason and the failure.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap is the underlying error.
func (e *Error) Unwrap() error { return e.Err }
