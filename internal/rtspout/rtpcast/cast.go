package rtpcast

import (
	"slices"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/ntp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/nvpipe/nvpipe/frame"
)

// reportPeriod is how often a session hears the wall time: often enough that
// a client which connects has it within a second even if the first is lost.
const reportPeriod = time.Second

// Cast sends one stream to the sessions that play it.
type Cast struct {
	stream  *gortsplib.ServerStream
	senders []*sender
	behind  func(*gortsplib.ServerSession)

	mu      sync.Mutex // guards readers; never held while calling out
	readers map[*gortsplib.ServerSession]*reader
}

// reader is one playing session.
type reader struct {
	session *gortsplib.ServerSession
	// tracks says which of the tracks the client has set up.
	tracks []bool
	// started: a keyframe has been sent, the pictures after it can be decoded.
	started bool
	// reported is when each track's last sender report went out.
	reported []time.Time
}

// New describes the tracks, in the order of the SDP, on a server that is
// started. behind is called, from Send, with a session that could not take a
// packet because its queue is full; Send gives it nothing more. Close must be
// called before the server is closed.
func New(server *gortsplib.Server, title string, tracks []Track, behind func(*gortsplib.ServerSession)) (*Cast, error) {
	c := &Cast{behind: behind, readers: map[*gortsplib.ServerSession]*reader{}}
	desc := &description.Session{Title: title}
	for _, t := range tracks {
		s, err := newSender(t)
		if err != nil {
			return nil, err
		}
		c.senders = append(c.senders, s)
		desc.Medias = append(desc.Medias, s.media)
	}
	c.stream = &gortsplib.ServerStream{Server: server, Desc: desc}
	if err := c.stream.Initialize(); err != nil {
		return nil, err
	}
	stats := c.stream.Stats()
	for _, s := range c.senders {
		s.ssrc = stats.Medias[s.media].Formats[s.format].LocalSSRC
	}
	return c, nil
}

// Stream is what DESCRIBE and SETUP answer with.
func (c *Cast) Stream() *gortsplib.ServerStream { return c.stream }

// SetParams announces a track's parameter sets to later DESCRIBEs; nil: none.
func (c *Cast) SetParams(track int, params [][]byte) { c.senders[track].setParams(params) }

// Play adds a session, from the next keyframe on. To be called from OnPlay.
func (c *Cast) Play(session *gortsplib.ServerSession) {
	r := &reader{
		session:  session,
		tracks:   make([]bool, len(c.senders)),
		reported: make([]time.Time, len(c.senders)),
	}
	for _, m := range session.Medias() {
		for i, s := range c.senders {
			r.tracks[i] = r.tracks[i] || s.media == m
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readers[session] = r
}

// Remove forgets a session.
func (c *Cast) Remove(session *gortsplib.ServerSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.readers, session)
}

// Readers is how many sessions are playing.
func (c *Cast) Readers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.readers)
}

// Unit is one access unit of one track.
type Unit struct {
	Track int
	frame.Packet
	// NoReport: no sender report goes with it.
	NoReport bool
	// Lose says, for each RTP packet, whether it is left out; nil: none is.
	Lose func() bool
	// Skip says whether a session does not get the unit; nil: all get it.
	Skip func(*gortsplib.ServerSession) bool
}

// Send gives a unit to every playing session without ever waiting for one.
// To be called by one goroutine at a time, units of a track in decoding order.
func (c *Cast) Send(u Unit) error {
	s := c.senders[u.Track]
	packets, err := s.packetize(u.PTS, u.Data)
	if err != nil {
		return err
	}
	if u.Lose != nil {
		packets = slices.DeleteFunc(packets, func(*rtp.Packet) bool { return u.Lose() })
	}
	var slow []*gortsplib.ServerSession
	c.mu.Lock()
	for session, r := range c.readers {
		if u.Skip != nil && u.Skip(session) {
			continue
		}
		if r.send(s, u, packets) != nil {
			delete(c.readers, session)
			slow = append(slow, session)
		}
	}
	c.mu.Unlock()
	for _, session := range slow {
		c.behind(session)
	}
	return nil
}

// Close ends the sessions that have set up or play the stream.
func (c *Cast) Close() { c.stream.Close() }

func (r *reader) send(s *sender, u Unit, packets []*rtp.Packet) error {
	if !r.tracks[u.Track] {
		return nil
	}
	if s.isKey && !r.started {
		if !u.Keyframe {
			return nil
		}
		r.started = true
	}
	now, last := time.Now(), r.reported[u.Track]
	report := !u.NoReport && now.Sub(last) >= reportPeriod
	if report {
		r.reported[u.Track] = now
		if err := r.session.WritePacketRTCP(s.media, s.report(u)); err != nil {
			return err
		}
	}
	for _, p := range packets {
		if err := r.session.WritePacketRTP(s.media, p); err != nil {
			return err
		}
	}
	// Some clients ignore reports of a source they have no packet of yet.
	if report && last.IsZero() {
		return r.session.WritePacketRTCP(s.media, s.report(u))
	}
	return nil
}

// report says that the unit's RTP timestamp is its capture time, exactly.
func (s *sender) report(u Unit) rtcp.Packet {
	return &rtcp.CompoundPacket{
		&rtcp.SenderReport{
			SSRC:        s.ssrc,
			NTPTime:     ntp.Encode(u.Captured),
			RTPTime:     s.timestamp(u.PTS),
			PacketCount: s.packets,
			OctetCount:  s.octets,
		},
		// RFC 3550 6.1: every RTCP packet names its sender; with one name for
		// all tracks a player can put sound and picture together.
		rtcp.NewCNAMESourceDescription(s.ssrc, "nvpipe"),
	}
}
