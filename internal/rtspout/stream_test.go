package rtspout

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

func isSlate(u rtsptest.Unit) bool { return bytes.HasSuffix(u.AnnexB(), []byte{0x51, 0xa7, 0xe0}) }

// The library answers GStreamer's SETUP a second late, if one lets it.
func TestGStreamerIsNotKeptWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		r.stream("door")
		v := rtsptest.TCP(t, r.net, r.URL("door"))
		v.UserAgent = "GStreamer/1.22.0"
		begin := time.Now()
		v.MustPlay()
		if d := time.Since(begin); d != 0 {
			t.Errorf("it waited %v", d)
		}
	})
}

func TestPicturesArriveInOrderAndOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		st := r.stream("door")
		if st.Wanted() {
			t.Fatal("wanted without a viewer")
		}
		v := r.viewer("door")
		if !st.Wanted() || r.demands == 0 {
			t.Fatalf("with a viewer: wanted %v, %d keyframes asked for", st.Wanted(), r.demands)
		}
		f := newFeeder(st)
		f.skip(7) // the feed is in the middle of a group of pictures
		f.write(100)
		synctest.Wait()
		first := v.Next()
		for i := 15; i < 15+80; i++ {
			u := first
			if i > 15 {
				u = v.Next()
			}
			want := f.picture(i)
			if !bytes.Equal(u.AnnexB(), want.Data) {
				t.Fatalf("picture %d is not the one written", i)
			}
			if d := u.Timestamp - first.Timestamp; d != uint32(i-15)*6000 {
				t.Fatalf("picture %d is at RTP time +%d, want +%d", i, d, (i-15)*6000)
			}
			if d := u.Wall.Sub(want.Captured).Abs(); i > 15 && d > 50*time.Microsecond {
				t.Fatalf("picture %d was taken at %v by the reports, want %v", i, u.Wall, want.Captured)
			}
			if !u.At.Equal(want.Captured) {
				t.Fatalf("picture %d came %v after it was written", i, u.At.Sub(want.Captured))
			}
		}
		if s := st.Stats(); s.Viewers != 1 || s.Dropped != 0 || s.Packets != 100 || s.Bytes == 0 {
			t.Fatalf("stats: %+v", s)
		}
	})
}

// The camera is away for 5 s. The viewer stays, sees the "no signal" picture
// in between, and time never runs back for it, though the feed's own clock
// comes back 0.3 s behind.
func TestViewerOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		st := r.stream("door")
		v := r.viewer("door")
		f := newFeeder(st)
		f.write(30)
		f.skip(5*15 + 3) // comes back in the middle of a group
		f.shift = -300 * time.Millisecond
		f.write(60)
		synctest.Wait()

		units := v.Received()
		slatesSeen, resumed := 0, 0
		for i, u := range units {
			if isSlate(u) {
				slatesSeen++
			} else if i > 0 && isSlate(units[i-1]) {
				resumed++
				if !u.Keyframe() {
					t.Error("the feed resumes in the middle of a group of pictures")
				}
			}
			if i == 0 {
				continue
			}
			media := time.Duration(u.Timestamp-units[i-1].Timestamp) * time.Second / 90000
			wall := u.At.Sub(units[i-1].At)
			if media <= 0 || (media-wall).Abs() > tolerance {
				t.Errorf("picture %d is %v after the one before it, shown %v after", i, wall, media)
			}
		}
		// Silent from 2.0 to 7.2 s, the next keyframe at 8.0 s: shown at 4, 5, 6, 7 s.
		if slatesSeen < 4 || slatesSeen > 5 || resumed != 1 {
			t.Errorf(`%d "no signal" pictures, resumed %d times`, slatesSeen, resumed)
		}
		if len(r.slates) != 1 || r.slates[0] != [2]int{320, 240} {
			t.Errorf(`"no signal" pictures asked for: %v, want one of the camera's size`, r.slates)
		}
		if r.count(NoSignal) != 1 || r.count(Signal) != 1 || r.count(ViewerJoined) != 1 || r.count(ViewerLeft) != 0 {
			t.Errorf("events: %v", r.events)
		}
	})
}

func TestCameraThatNeverCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		st := r.stream("door")
		v := r.viewer("door")
		var before []byte
		for i := range 3 {
			u := v.Next()
			if !isSlate(u) {
				t.Fatalf(`picture %d is not a "no signal" one`, i)
			}
			if bytes.Equal(u.AnnexB(), before) {
				t.Errorf("picture %d is the same keyframe again", i)
			}
			before = u.AnnexB()
		}
		if r.slates[0] != [2]int{640, 360} {
			t.Errorf("its size is %v", r.slates[0])
		}
		f := newFeeder(st)
		f.shift = time.Hour // the feed's clock has any origin
		f.write(30)
		synctest.Wait()
		units := v.Received()
		last := units[0]
		for i, u := range units[1:] {
			if d := u.Timestamp - last.Timestamp; d == 0 || d > 90000 {
				t.Fatalf("picture %d is at RTP time +%d", i, d)
			}
			last = u
		}
	})
}

// Viewers that come one after another do not put the picture off.
func TestNoSignalComesForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		r.stream("door")
		begin := time.Now()
		first := r.viewer("door")
		for range 5 {
			time.Sleep(time.Second)
			r.viewer("door")
		}
		if d := first.Next().At.Sub(begin); d != 2*time.Second {
			t.Errorf("the first viewer sees it after %v", d)
		}
	})
}

func TestNoSignalPictureThatCannotBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		var tries atomic.Int32
		r.Server.hooks.NoSignal = func(int, int) ([]frame.Packet, error) {
			tries.Add(1)
			return nil, errors.New("no encoder")
		}
		st := r.stream("door")
		v := r.viewer("door")
		time.Sleep(7 * time.Second)
		if tries.Load() != 1 || r.count(StreamFailed) != 1 {
			t.Errorf("tried %d times with %d events, want one", tries.Load(), r.count(StreamFailed))
		}
		newFeeder(st).write(15)
		v.Next()
	})
}

func TestKeyframesAlwaysCarryParameterSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		st := r.stream("door")
		v := r.viewer("door")
		f := newFeeder(st)
		f.write(1)
		withSets := v.Next()
		bare := f.picture(15)
		bare.Data = rtpcast.AnnexB(rtpcast.NALUs(bare.Data)[len(rtpcast.NALUs(bare.Data))-1])
		st.Write(bare)
		if u := v.Next(); !bytes.Equal(rtpcast.AnnexB(u.NALUs[:2]...), rtpcast.AnnexB(withSets.NALUs[:2]...)) {
			t.Error("a keyframe was sent without parameter sets")
		}
		var h264 *format.H264
		r.viewer("door")
		late := rtsptest.TCP(t, r.net, r.URL("door")).MustPlay()
		late.Desc.FindFormat(&h264)
		if sps, pps := h264.SafeParams(); !bytes.Equal(sps, withSets.NALUs[0]) || !bytes.Equal(pps, withSets.NALUs[1]) {
			t.Error("the SDP has no parameter sets though they are known")
		}
	})
}

// Nothing drains the queue here: Write must drop and count, and after that
// give the stream nothing that cannot be decoded.
func TestWriteNeverWaits(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Queue = 4
	demands := 0
	st := newStream("door", cfg, Hooks{OnDemand: func(frame.FeedID) { demands++ }})
	f := newFeeder(st)
	st.Write(f.picture(0))
	if len(st.queue) != 0 {
		t.Fatal("queued without a viewer")
	}
	st.viewers.Store(1)
	for i := range 10 {
		st.Write(f.picture(i))
	}
	for range 4 {
		<-st.queue
	}
	for i := 10; i < 17; i++ {
		st.Write(f.picture(i))
	}
	if got := len(st.queue); got != 2 {
		t.Errorf("%d pictures queued after the drop, want the keyframe 15 and 16", got)
	}
	if p := <-st.queue; !p.Keyframe {
		t.Error("goes on without a keyframe")
	}
	if got := st.Stats().Dropped; got != 11 || demands != 1 {
		t.Errorf("%d dropped, %d keyframes asked for; want 11 and 1", got, demands)
	}
}
