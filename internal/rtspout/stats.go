package rtspout

import "github.com/nvpipe/nvpipe/frame"

// Stats are the counts of one feed's stream since it was registered.
type Stats struct {
	// Viewers are watching now.
	Viewers int
	// Packets and Bytes sent, once however many viewers there are, "no
	// signal" pictures included.
	Packets, Bytes uint64
	// Dropped packets: the queue was full, or viewers could not have decoded
	// them.
	Dropped uint64
	// Cut viewers did not keep up; Refused ones were too many.
	Cut, Refused uint64
}

// Stats returns the counts of every registered feed.
func (s *Server) Stats() map[frame.FeedID]Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[frame.FeedID]Stats, len(s.streams))
	for feed, st := range s.streams {
		all[feed] = st.Stats()
	}
	return all
}

// Stats returns the stream's counts.
func (s *Stream) Stats() Stats {
	return Stats{
		Viewers: int(s.viewers.Load()),
		Packets: s.counts.packets.Load(),
		Bytes:   s.counts.bytes.Load(),
		Dropped: s.counts.dropped.Load(),
		Cut:     s.counts.cut.Load(),
		Refused: s.counts.refused.Load(),
	}
}
