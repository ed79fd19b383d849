package gstgraph

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
	"github.com/nvpipe/nvpipe/pipeline"
)

// stamps are what a graph's frames say of time.
type stamps struct {
	mu   sync.Mutex
	list []stamp
}

type stamp struct {
	pts                 time.Duration
	arrived, captured   time.Time
	fromReport, suspect bool
}

func (s *stamps) take(f *frame.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, stamp{f.PTS, f.Arrived, f.Captured, f.CapturedFrom == frame.FromSenderReport, f.Suspect})
	f.Release()
}

// timed plays n frames and returns what they say.
func timed(t *testing.T, cam *rtspcam.Camera, n uint64, halfway func()) []stamp {
	t.Helper()
	r, s := newRecorder(), &stamps{}
	r.onFrame = s.take
	g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
	if halfway != nil {
		r.untilFrames(t, n/2)
		halfway()
	}
	r.untilFrames(t, n)
	balanced(t, g, r)
	if e, failed := r.find(pipeline.EventError); failed {
		t.Error(e.Err)
	}
	return s.list
}

// even checks that time runs on as the host's clock does: later with each
// picture, and over all of them at most slack away.
func even(t *testing.T, list []stamp, slack time.Duration) {
	t.Helper()
	for i, s := range list[1:] {
		if s.pts <= list[i].pts {
			t.Errorf("picture %d at %v after %v", i+1, s.pts, list[i].pts)
		}
	}
	first, last := list[0], list[len(list)-1]
	media, host := last.pts-first.pts, last.arrived.Sub(first.arrived)
	t.Logf("%d pictures: %v by their stamps, %v by the host's clock", len(list), media, host)
	if d := media - host; d > slack || d < -slack {
		t.Errorf("the stream's time is off by %v", d)
	}
}

// Sender reports that jump by hours leave the stream's time alone.
func TestFault42_LyingReports(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.Drift = 0.0005 })
	list := timed(t, cam, 45, func() {
		cam.Break(func(f *rtspcam.Faults) { f.ClockOffset = -9 * time.Hour })
	})
	even(t, list, time.Second)
}

// Without sender reports everything is as with them, but for where the time of
// capture comes from.
func TestFault43_NoReports(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.NoReports = true })
	list := timed(t, cam, 30, nil)
	even(t, list, time.Second)
	for i, s := range list {
		if s.fromReport || s.captured.After(s.arrived) || s.arrived.Sub(s.captured) > 3*time.Second {
			t.Errorf("picture %d: captured at %v, from a report %v, arrived at %v", i, s.captured, s.fromReport, s.arrived)
		}
	}
}

// A camera that stamps 25 pictures a second and sends 21 is followed by the
// host's clock.
func TestFault44_StampsOfAnotherRate(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.Drift = -0.16 })
	// In 90 pictures the stamps run a second away from the host's clock.
	even(t, timed(t, cam, 90, nil), 300*time.Millisecond)
}

// RTP counters that begin anew are no break and no loss.
func TestFault46_CountersWrap(t *testing.T) {
	t.Parallel()
	first := rtpcast.First{Timestamp: math.MaxUint32 - 90_000, Sequence: math.MaxUint16 - 30}
	cam := camera(t, testclip.H264(), rtspcam.Options{FromPlay: true, First: &first})
	list := timed(t, cam, 45, nil)
	even(t, list, time.Second)
	for i, s := range list[1:] {
		if d := s.pts - list[i].pts; d > 500*time.Millisecond || s.suspect {
			t.Errorf("picture %d: %v after the one before, suspect %v", i+1, d, s.suspect)
		}
	}
}
