package rtspcam

import (
	"maps"
	"time"
)

// Faults is what a camera does wrong; the zero value is a healthy camera.
type Faults struct {
	// Status answers requests of a method such as "DESCRIBE" or "GET_PARAMETER"
	// with a status code such as 404 or 453.
	Status map[string]int
	// WrongCSeq is a method that is answered as if another request were meant.
	WrongCSeq string
	// StaleNonce: digest credentials are refused once on each connection,
	// because the nonce that was handed out is old.
	StaleNonce bool
	// LockAfter is how many wrong passwords in a row lock the account, for
	// LockFor: then the right one is refused too. 0: never.
	LockAfter int
	LockFor   time.Duration
	// Location redirects DESCRIBE there with status 302.
	Location string
	// SDP is sent as it is in answer to DESCRIBE, instead of the true one.
	SDP []byte
	// EditSDP changes the SDP; see [BrokenSDPs].
	EditSDP func(sdp string) string
	// ContentBase is what the answer to DESCRIBE calls the base of all URLs. The
	// camera understands requests for URLs under it, without digest.
	ContentBase string
	// Control is what the SDP says of where a track is: a relative URL, an
	// absolute one, or "*". The camera understands SETUP for it, without digest.
	Control func(track int) string
	// MaxSessions is how many sessions may be set up at once, further ones
	// get BusyStatus, or 453; 0: any number.
	MaxSessions int
	BusyStatus  int
	// Linger is how long a session that ended without TEARDOWN still counts for
	// MaxSessions.
	Linger time.Duration
	// SessionTimeout ends a session that has given no sign of life for that
	// long; 0: never. KeepAlive is what counts as one.
	SessionTimeout time.Duration
	KeepAlive      KeepAlive

	// Stalled: the network is gone, or the camera hangs. Nothing is read or
	// written, connections stay open, new ones are taken and not answered. Over
	// TCP what the camera sends meanwhile comes afterwards in one burst, as far
	// as it could queue it; over UDP it is lost. Together with Frozen: the
	// camera itself hangs, and there is nothing to come afterwards.
	Stalled bool
	// UDPBlocked: nothing that is sent over UDP arrives, though UDP was agreed on,
	// as with a firewall between.
	UDPBlocked bool
	// BytesPerSecond is all that a TCP connection carries towards the client;
	// 0: no limit. A client whose stream is wider is cut when the camera's queue
	// of 4,096 packets is full.
	BytesPerSecond int
	// AnswerDelay is how late requests are answered.
	AnswerDelay time.Duration
	// EarlyMedia: over TCP an RTP packet comes before the answer to PLAY.
	EarlyMedia bool
	// ForeignSSRC: over TCP each RTP packet comes once more before itself, as if
	// another stream's: with another SSRC, sequence number and time.
	ForeignSSRC bool

	// Frozen: nothing is sent, but connections stay open and are answered.
	Frozen bool
	// MidGroup: sessions begin at any picture, not at a keyframe.
	MidGroup bool
	// NoKeyframes: keyframes are left out; sessions begin at any picture.
	NoKeyframes bool
	// Loss is the share, 0–1, of RTP packets that are not sent.
	Loss float64
	// NoReports: no RTCP sender reports.
	NoReports bool
	// ClockOffset is how far the camera's wall clock is off, in sender reports.
	ClockOffset time.Duration
	// NoSDPParams: parameter sets come in band only.
	NoSDPParams bool
	// NoParams: there are no parameter sets at all.
	NoParams bool
	// Corrupt is the share, 0–1, of slices in which bytes are flipped.
	Corrupt float64
	// Truncate is the share, 0–1, of slices that end in the middle.
	Truncate float64
	// SEI is how many bytes of messages without meaning come with each picture,
	// in NAL units of a kilobyte.
	SEI int
	// SPS is announced and sent in place of an H.264 stream's own; see
	// [OversizedSPS].
	SPS []byte
	// TimestampOffset is added to what RTP timestamps say. Change it to let
	// them jump; change it back one picture later for a single odd one.
	TimestampOffset time.Duration
	// Drift is how much too fast RTP timestamps run: 0.0005 is 500 ppm, −0.16
	// says 25 pictures a second and sends 21. A change of it is a jump too.
	Drift float64
}

// KeepAlive is what a camera takes for a session's sign of life.
type KeepAlive uint8

// The kinds of cameras.
const (
	// ByGetParameter: only GET_PARAMETER that is not refused counts.
	ByGetParameter KeepAlive = iota
	// ByAnyRequest: only requests count.
	ByAnyRequest
	// ByReports: only RTCP counts.
	ByReports
)

// Break changes what is wrong with the camera, from the next request or
// picture on.
func (c *Camera) Break(change func(*Faults)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.faults)
	c.faults.Status = maps.Clone(c.faults.Status)
	if c.on == nil {
		return
	}
	c.on.link.set(c.faults)
	for i, params := range c.params {
		c.on.announce(i, c.program.tracks[i].Codec, params, c.faults)
	}
}

// Heal ends all faults.
func (c *Camera) Heal() { c.Break(func(f *Faults) { *f = Faults{} }) }

// DropConnections breaks every connection and session; the camera goes on
// listening.
func (c *Camera) DropConnections() {
	if d := c.device(); d != nil {
		d.handler.drop()
	}
}

// Reset breaks every connection with RST, as a camera or a firewall that lost
// its memory does; the camera goes on listening.
func (c *Camera) Reset() {
	if d := c.device(); d != nil {
		d.link.reset()
		d.handler.drop()
	}
}

func (c *Camera) currentFaults() Faults {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults
}
