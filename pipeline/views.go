package pipeline

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// ViewChange is a new epoch of a camera's view, and the first frame that has it.
type ViewChange struct {
	View         frame.ViewState
	Seq          uint64
	PTS          time.Duration
	Captured     time.Time
	CapturedFrom frame.CaptureSource
}

// ViewStats is where a camera looks, and how often that has changed, by why.
type ViewStats struct {
	// State is that of the newest frame.
	State frame.ViewState
	// Changed to another view; Covered and Blinded: the lens has become so.
	Changed, Covered, Blinded uint64
}

// maxViewNews is how many changes wait for the feed's goroutine; a provider
// that finds more while it is busy is not to be believed anyway.
const maxViewNews = 16

// see compares a frame's view with that of the frame before, with mu held.
func (f *Feed) see(s *session, fr *frame.Frame, v frame.ViewState) {
	was := f.stats.View.State
	f.stats.View.State = v
	if v.Epoch == was.Epoch && v.Lens == was.Lens || f.seq == 1 {
		return
	}
	e := f.stats.View.count(was, v)
	e.View = &ViewChange{View: v, Seq: fr.Seq, PTS: fr.PTS, Captured: fr.Captured, CapturedFrom: fr.CapturedFrom}
	e.At = fr.Arrived
	if len(f.viewNews) < maxViewNews {
		f.viewNews = append(f.viewNews, e)
		s.signal()
	}
}

func (n *ViewStats) count(was, v frame.ViewState) Event {
	switch {
	case v.Lens == was.Lens:
		n.Changed++
		return Event{Type: ViewChanged, Text: "the camera shows another view"}
	case v.Lens == frame.LensCovered:
		n.Covered++
		return Event{Type: LensCovered, Text: "the lens is covered, out of focus, or in the dark"}
	case v.Lens == frame.LensBlinded:
		n.Blinded++
		return Event{Type: LensBlinded, Text: "the lens is blinded by light"}
	}
	return Event{Type: LensClear, Text: "the camera can see again"}
}

// tellViews reports changes of view. Only the feed's own goroutine calls it.
func (f *Feed) tellViews() {
	f.mu.Lock()
	news := f.viewNews
	f.viewNews = nil
	f.mu.Unlock()
	for _, e := range news {
		f.emit(e)
	}
}
