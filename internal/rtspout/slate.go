package rtspout

import (
	"errors"
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
)

// slate holds the "no signal" pictures of the size last asked for.
type slate struct {
	width, height int
	pictures      []frame.Packet // none: they could not be made
	turn          int
}

// next is the picture to show; making it is tried once per size.
func (s *slate) next(hooks Hooks, feed frame.FeedID, width, height int) (frame.Packet, bool) {
	if hooks.NoSignal == nil {
		return frame.Packet{}, false
	}
	if s.width != width || s.height != height {
		s.width, s.height, s.turn = width, height, 0
		var err error
		if s.pictures, err = hooks.NoSignal(width, height); err == nil && len(s.pictures) == 0 {
			err = errors.New("got none")
		}
		if err != nil {
			s.pictures = nil
			hooks.event(Event{Kind: StreamFailed, Feed: feed, Err: fmt.Errorf(`making the "no signal" picture of %d×%d: %w`, width, height, err)})
		}
	}
	if len(s.pictures) == 0 {
		return frame.Packet{}, false
	}
	s.turn++
	return s.pictures[s.turn%len(s.pictures)], true
}
