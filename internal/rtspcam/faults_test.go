package rtspcam

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// rig is a camera in virtual time.
type rig struct {
	*Camera
	t   *testing.T
	net *rtsptest.Net
}

// inVirtualTime runs a test on a started camera that serves the clip.
func inVirtualTime(t *testing.T, o Options, test func(*testing.T, *rig)) {
	t.Helper()
	clip := testClip(t)
	synctest.Test(t, func(t *testing.T) {
		cam, network := virtual(clip, o)
		start(t, cam)
		test(t, &rig{cam, t, network})
	})
}

func (r *rig) play() *rtsptest.Client {
	r.t.Helper()
	return rtsptest.TCP(r.t, r.net, r.URL()).MustPlay()
}

// status is what playing url is answered with, 200 if it plays.
func (r *rig) status(url string) int {
	r.t.Helper()
	return status(r.t, rtsptest.TCP(r.t, r.net, url))
}

func status(t *testing.T, c *rtsptest.Client) int {
	t.Helper()
	err := c.Play(nil)
	var bad liberrors.ErrClientBadStatusCode
	switch {
	case err == nil:
		return 200
	case errors.As(err, &bad):
		return int(bad.Code)
	}
	t.Fatal(err)
	return 0
}

func TestAnyPasswordWorks(t *testing.T) {
	for _, offered := range []Options{{}, {DigestOnly: true}, {BasicOnly: true}} {
		for range 20 {
			password := fmt.Sprintf("@:/%%#?& +%c%c", 33+rand.IntN(94), 'à'+rune(rand.IntN(50)))
			o := offered
			o.User, o.Password = "admin", password
			inVirtualTime(t, o, func(t *testing.T, r *rig) {
				at := func(password string) string {
					return fmt.Sprintf("rtsp://%v@%s/stream", url.UserPassword("admin", password), r.Address())
				}
				if got := r.status(at(password)); got != 200 {
					t.Errorf("password %q: %d", password, got)
				}
				if got := r.status(at(password + "x")); got != 401 {
					t.Errorf("wrong password: %d", got)
				}
				if got := r.status(r.URL()); got != 401 {
					t.Errorf("no password: %d", got)
				}
				if n := r.Counts().AuthFailures; n != 1 {
					t.Errorf("%d wrong passwords counted, want 1", n)
				}
			})
		}
	}
}

func TestStatusCodes(t *testing.T) {
	for method, code := range map[string]int{"DESCRIBE": 404, "SETUP": 453, "PLAY": 503} {
		inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
			r.Break(func(f *Faults) { f.Status = map[string]int{method: code} })
			if got := r.status(r.URL()); got != code {
				t.Errorf("%s is answered with %d, want %d", method, got, code)
			}
			r.Heal()
			if got := r.status(r.URL()); got != 200 {
				t.Errorf("healed, it is answered with %d", got)
			}
		})
	}
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		if got := r.status("rtsp://127.0.0.1:554/other"); got != 404 {
			t.Errorf("another path is answered with %d", got)
		}
	})
}

func TestSessionLimit(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.MaxSessions = 1 })
		first := r.play()
		if got := r.status(r.URL()); got != 453 {
			t.Errorf("a second session is answered with %d", got)
		}
		first.Close()
		synctest.Wait()
		if got := r.status(r.URL()); got != 200 {
			t.Errorf("after the first has left: %d", got)
		}
		if c := r.Counts(); c.MaxSessions != 1 || c.Describe != 3 || c.Setup != 3 || c.Play != 2 || c.Teardown != 1 {
			t.Errorf("counts: %+v", c)
		}
	})
}

func TestFreezeKeepsTheConnection(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		r.Break(func(f *Faults) { f.Frozen = true })
		synctest.Wait()
		c.Received()
		if u, ok := c.Within(5 * time.Second); ok {
			t.Errorf("frozen, it sent a picture at %v", u.At)
		}
		r.Heal()
		c.Next()
		if n := r.Counts().Sessions; n != 1 {
			t.Errorf("%d sessions, want the first one still", n)
		}
	})
}

func TestDroppedConnections(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		r.DropConnections()
		if err := c.Wait(); err == nil {
			t.Error("the client has not noticed")
		}
		r.play().Next()
	})
}

func TestParameterSets(t *testing.T) {
	for name, c := range map[string]struct {
		faults      Faults
		sdp, inBand bool
	}{
		"healthy":        {Faults{}, true, true},
		"not in the SDP": {Faults{NoSDPParams: true}, false, true},
		"nowhere":        {Faults{NoParams: true}, false, false},
	} {
		inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
			r.Break(func(f *Faults) { *f = c.faults })
			cl := r.play()
			var f *format.H264
			cl.Desc.FindFormat(&f)
			if sps, pps := f.SafeParams(); (sps != nil && pps != nil) != c.sdp {
				t.Errorf("%s: in the SDP: %v", name, sps != nil)
			}
			u := cl.Next()
			if got := rtpcast.H264.Params(u.AnnexB()) != nil; got != c.inBand || !u.Keyframe() {
				t.Errorf("%s: in band: %v", name, got)
			}
		})
	}
}

func TestTimestampJump(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		a := c.Next()
		r.Break(func(f *Faults) { f.TimestampOffset = -10 * time.Hour })
		b := c.Next()
		back := uint32(10 * 3600 * 90000)
		if d := b.Timestamp - a.Timestamp; d != 6000-back {
			t.Errorf("the jump is %d ticks, want %d", d, 6000-back)
		}
		r.Heal()
		if d := c.Next().Timestamp - a.Timestamp; d != 12000 {
			t.Errorf("afterwards it is at +%d, want +12000", d)
		}
	})
}

func TestCountersWrap(t *testing.T) {
	o := Options{FromPlay: true, First: &rtpcast.First{Timestamp: 1<<32 - 3000, Sequence: 1<<16 - 2}}
	inVirtualTime(t, o, func(t *testing.T, r *rig) {
		c := r.play()
		a, b := c.Next(), c.Next()
		if b.Timestamp >= a.Timestamp || b.Timestamp-a.Timestamp != 6000 || c.Lost() != 0 {
			t.Errorf("from %d to %d, %d packets lost", a.Timestamp, b.Timestamp, c.Lost())
		}
	})
}

func TestNoReports(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.NoReports = true })
		c := r.play()
		for range 30 {
			c.Next()
		}
		if n := len(c.Reports()); n != 0 {
			t.Errorf("%d sender reports", n)
		}
	})
}

func TestCorruptSlices(t *testing.T) {
	clip := testClip(t)
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		for share, want := range map[float64]int{0: 0, 1: 30} {
			r.Break(func(f *Faults) { f.Corrupt = share })
			c := r.play()
			broken := 0
			for i := range 30 {
				u, whole := c.Next(), false
				for _, p := range clip.Units(0) {
					whole = whole || bytes.Equal(u.AnnexB(), p.Data)
				}
				if !whole {
					broken++
				}
				if i%15 == 0 != u.Keyframe() {
					t.Errorf("picture %d: keyframe %v", i, u.Keyframe())
				}
			}
			if broken != want {
				t.Errorf("with a share of %v, %d of 30 pictures are broken", share, broken)
			}
			c.Close()
		}
	})
}

func TestSessionTimeoutNeedsGetParameter(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.SessionTimeout = 15 * time.Second })
		begin := time.Now()
		mute := rtsptest.RawPlay(t, r.net, r.URL())
		defer mute.Close()
		go func() { // which this camera does not take for a sign of life
			time.Sleep(10 * time.Second)
			fmt.Fprintf(mute, "OPTIONS %s RTSP/1.0\r\nCSeq: 3\r\n\r\n", r.URL())
		}()
		if _, err := io.Copy(io.Discard, mute); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != 15*time.Second {
			t.Errorf("a client without GET_PARAMETER was cut after %v", d)
		}
		r.play() // this client keeps its session alive as the camera asks
		time.Sleep(100 * time.Second)
		if c := r.Counts(); c.Sessions != 1 || c.GetParameter < 7 {
			t.Errorf("after 100 s: %+v", c)
		}
		r.Break(func(f *Faults) { f.Status = map[string]int{"GET_PARAMETER": 400} })
		time.Sleep(20 * time.Second)
		if c := r.Counts(); c.Sessions != 0 {
			t.Errorf("%d sessions though GET_PARAMETER was refused", c.Sessions)
		}
	})
}

func TestDeadSessionsLinger(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.MaxSessions, f.Linger = 1, time.Minute })
		dead := rtsptest.RawPlay(t, r.net, r.URL())
		dead.Close()
		time.Sleep(59 * time.Second)
		if got := r.status(r.URL()); got != 453 {
			t.Errorf("before the old session is forgotten: %d", got)
		}
		time.Sleep(3 * time.Second)
		c := r.play()
		c.Close() // with TEARDOWN
		synctest.Wait()
		rtsptest.RawPlay(t, r.net, r.URL()).Close()
		synctest.Wait()
		r.Stop()
		start(t, r.Camera)
		if got := r.status(r.URL()); got != 200 {
			t.Errorf("after a reboot: %d", got)
		}
	})
}

func TestSessionsThatBeginWithoutAKeyframe(t *testing.T) {
	for name, c := range map[string]struct {
		faults    Faults
		keyframes int // in 30 pictures
	}{
		"in the middle of a group": {Faults{MidGroup: true}, 2},
		"no keyframes at all":      {Faults{NoKeyframes: true}, 0},
	} {
		inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
			r.Break(func(f *Faults) { *f = c.faults })
			time.Sleep(300 * time.Millisecond)
			begin, cl, keyframes := time.Now(), r.play(), 0
			for i := range 30 {
				u := cl.Next()
				if i == 0 && u.At.Sub(begin) > time.Second/15 {
					t.Errorf("%s: the first picture comes after %v", name, u.At.Sub(begin))
				}
				if u.Keyframe() {
					keyframes++
				}
			}
			if keyframes != c.keyframes {
				t.Errorf("%s: %d keyframes", name, keyframes)
			}
		})
	}
}

func TestPacketLoss(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		r.Break(func(f *Faults) { f.Loss = 0.2 })
		time.Sleep(5 * time.Second)
		r.Heal()
		time.Sleep(5 * time.Second)
		if c.Lost() == 0 {
			t.Error("no packet was lost")
		}
		if n := len(c.Received()); n < 75 || n >= 150 {
			t.Errorf("%d of 150 pictures came", n)
		}
	})
}

func TestWrongClocks(t *testing.T) {
	inVirtualTime(t, Options{FromPlay: true}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.ClockOffset, f.Drift = -time.Hour, 0.01 })
		c := r.play()
		first := c.Next()
		for i := 1; i <= 30; i++ {
			u := c.Next()
			if d := u.At.Sub(u.Wall) - time.Hour; d.Abs() > 20*time.Millisecond {
				t.Errorf("picture %d: the camera's clock is off by %v", i, d)
			}
			if d := u.Timestamp - first.Timestamp; d != uint32(i*6060) {
				t.Errorf("picture %d is at +%d ticks, want 1 %% more than %d", i, d, i*6000)
			}
		}
	})
}

func TestRedirectAndRawSDP(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.Location = "rtsp://127.0.0.1:554/elsewhere" })
		if got := r.status(r.URL()); got != 404 {
			t.Errorf("redirected, the client gets %d, want the new path's 404", got)
		}
		r.Break(func(f *Faults) { *f = Faults{SDP: []byte("v=0\r\ns=broken\r\ns=again\r\n")} })
		if err := rtsptest.TCP(t, r.net, r.URL()).Play(nil); err == nil {
			t.Error("a client plays an SDP without media")
		}
	})
}

func TestRefusedTransports(t *testing.T) {
	for _, o := range []Options{{NoTCP: true}, {NoUDP: true}} {
		cam := New(testClip(t), o)
		start(t, cam)
		if got := status(t, rtsptest.TCP(t, nil, cam.URL())); (got == 461) != o.NoTCP {
			t.Errorf("%+v: over TCP %d", o, got)
		}
		if got := status(t, rtsptest.UDP(t, cam.URL())); (got == 461) != o.NoUDP {
			t.Errorf("%+v: over UDP %d", o, got)
		}
	}
}
