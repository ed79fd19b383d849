package pipeline

import "errors"

// Reason says why a feed is in its state. It is a fixed word for metrics and
// decisions; the text beside it is for people.
type Reason string

const (
	// ReasonNone: nothing is wrong.
	ReasonNone Reason = ""
	// ReasonQueued: other cameras are being connected; this one's turn comes.
	ReasonQueued Reason = "queued"
	// ReasonAuthFailed: the camera refused user or password. Retried rarely,
	// because cameras lock accounts.
	ReasonAuthFailed Reason = "auth_failed"
	// ReasonNotFound: the camera has no stream at this path; a film is missing.
	ReasonNotFound Reason = "not_found"
	// ReasonBusy: the camera has all the sessions it allows.
	ReasonBusy Reason = "busy"
	// ReasonUnreachable: no connection: refused, no route, no name, no answer.
	ReasonUnreachable Reason = "unreachable"
	// ReasonUntrusted: the camera's certificate is not one that is trusted.
	ReasonUntrusted Reason = "untrusted"
	// ReasonNoVideo: connected, but no video that could be decoded arrived in time.
	ReasonNoVideo Reason = "no_video"
	// ReasonUnsupported: the codec, transport or picture is not one we take, or
	// an element for it is not installed.
	ReasonUnsupported Reason = "unsupported"
	// ReasonLongGOP: packets flow, but the next keyframe is far away.
	ReasonLongGOP Reason = "long_gop"
	// ReasonLost: the connection broke, or the stream ended unasked.
	ReasonLost Reason = "lost"
	// ReasonStalled: connected, but no frame for the stall limit.
	ReasonStalled Reason = "stalled"
	// ReasonConfig: something outside the camera is missing, such as the password file.
	ReasonConfig Reason = "config"
	// ReasonEnded: a film that is not looped came to its end.
	ReasonEnded Reason = "ended"
	// ReasonShutdown: the feed was told to stop.
	ReasonShutdown Reason = "shutdown"
)

// reasonOf is the reason an error carries, or otherwise.
func reasonOf(err error, otherwise Reason) Reason {
	if e, ok := errors.AsType[*Error](err); ok && e.Reason != ReasonNone {
		return e.Reason
	}
	return otherwise
}

// plain is an error's text without the reason, which is shown beside it.
func plain(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
