package pipeline_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// The tests are named after rows of the fault catalogue. Here the camera is a
// script and time is virtual; pipeline/gstgraph has those with real cameras.

// end settles what the processor has, stops and checks the books.
func (r *rig) end() {
	r.t.Helper()
	r.coords[0].settleAll(frame.Delivered)
	r.coords[0].settleAll(frame.Delivered)
	r.stop()
}

// failAgain lets attempt after attempt fail for a time, and counts them.
func (r *rig) failAgain(reason pipeline.Reason, within time.Duration) (tries int) {
	for end := time.Now().Add(within); time.Now().Before(end); r.pass(100 * time.Millisecond) {
		if r.feed.Status().State == pipeline.Connecting {
			r.graph().Fail(reason, "")
			tries++
			synctest.Wait()
		}
	}
	return tries
}

// A camera that reboots is back within a few seconds of its return; one that was
// away for long is back within 36 s.
func TestFault01_CameraReboots(t *testing.T) {
	for _, c := range []struct{ outage, back time.Duration }{
		{20 * time.Second, 6 * time.Second}, {4*time.Minute + 50*time.Second, 6 * time.Second}, {time.Hour, 36 * time.Second},
	} {
		t.Run(c.outage.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(s *setup) { s.settings.Random = func() float64 { return 1 } })
				r.frames(300)
				r.graph().EOS()
				r.state(pipeline.BackingOff, pipeline.ReasonLost)
				r.failAgain(pipeline.ReasonUnreachable, c.outage)
				var waited time.Duration
				for ; r.feed.Status().State != pipeline.Connecting; waited += 100 * time.Millisecond {
					r.pass(100 * time.Millisecond)
				}
				if waited > c.back {
					t.Errorf("tried %v after the camera's return, want at most %v", waited, c.back)
				}
				r.frames(2)
				r.state(pipeline.Live, "")
				r.end()
			})
		})
	}
}

// A connection that brings a few pictures and breaks is no recovery.
func TestFault10_ConnectionsOfAFewSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for i := range 60 {
			r.frames(25)
			r.graph().Fail(pipeline.ReasonLost, "cut")
			synctest.Wait()
			st := r.feed.Status()
			pause := st.NextRetry.Sub(st.Since)
			if want := 5 * time.Second; i >= 3 && i < 40 && pause != want {
				t.Fatalf("pause %v after %d short connections, want %v", pause, i+1, want)
			}
			r.pass(pause)
		}
		r.end()
	})
}

// A name that nobody knows, or that nobody answers to, is told from a camera that
// is off; when it is there again the camera gets the name, not an address.
func TestFault13_NameIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		lookup func(context.Context) error
		after  time.Duration
		says   string
	}{
		"gone": {func(context.Context) error {
			return &net.DNSError{Err: "no such host", Name: "camera.test", IsNotFound: true}
		},
			0, "host not found: nobody knows the name camera.test"},
		"no answer": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			5 * time.Second, "host not found: no answer to the name camera.test within 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var back atomic.Bool
				r := start(t, func(s *setup) {
					s.settings.LookupHost = func(ctx context.Context, host string) ([]string, error) {
						if !back.Load() {
							return nil, c.lookup(ctx)
						}
						return []string{"192.0.2.7"}, nil
					}
				})
				r.pass(c.after)
				r.state(pipeline.BackingOff, pipeline.ReasonUnreachable)
				if text := r.feed.Status().Text; text != c.says {
					t.Errorf("says %q, want %q", text, c.says)
				}
				if r.b.Tries() != 0 {
					t.Error("a graph was built all the same")
				}
				back.Store(true)
				r.pass(time.Second)
				r.state(pipeline.Connecting, "")
				if url := r.graph().Source.RTSP.URL; url != "rtsp://camera.test/stream" {
					t.Errorf("the graph gets %q", url)
				}
				r.end()
			})
		})
	}
}

// A feed that waits for a name stops at once.
func TestFault13_StopWhileLookingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) {
			s.settings.LookupHost = func(ctx context.Context, _ string) ([]string, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		before := time.Now()
		r.stop()
		if d := time.Since(before); d != 0 {
			t.Errorf("stopping took %v", d)
		}
		r.state(pipeline.Stopped, pipeline.ReasonShutdown)
	})
}

// An address needs no looking up, whatever it looks like.
func TestAddressesAreNotLookedUp(t *testing.T) {
	for _, url := range []string{"rtsp://192.0.2.7/", "rtsp://192.0.2.7:8554/a", "rtsps://[2001:db8::7]:322/live", "rtsp://[fe80::1%25eth0]/"} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, func(s *setup) {
				s.settings.Source.RTSP.URL = url
				s.settings.LookupHost = func(_ context.Context, host string) ([]string, error) {
					t.Errorf("%s: %q is looked up", url, host)
					return nil, nil
				}
			})
			r.end()
		})
	}
}

// Cameras lock an account after about five wrong passwords.
func TestFault16_WrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		if n := r.failAgain(pipeline.ReasonAuthFailed, 29*time.Minute); n != 3 {
			t.Errorf("%d tries in 29 min, want 3", n)
		}
		if n := r.failAgain(pipeline.ReasonAuthFailed, 3*time.Hour); n < 4 || n > 6 {
			t.Errorf("%d tries in the three hours after, want one each half hour", n)
		}
		r.state(pipeline.BackingOff, pipeline.ReasonAuthFailed)
		r.feed.Retry() // the password was corrected
		r.state(pipeline.Connecting, "")
		r.frames(2)
		r.state(pipeline.Live, "")
		r.end()
	})
}

// A path that is not there is asked for once a minute.
func TestFault18_WrongPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		if n := r.failAgain(pipeline.ReasonNotFound, 10*time.Minute); n < 9 || n > 11 {
			t.Errorf("%d tries in 10 min, want one a minute", n)
		}
		r.end()
	})
}

// The pauses grow past the minute in which a session of ours, forgotten at the
// camera, expires.
func TestFault19_SessionsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for _, want := range []time.Duration{10, 20, 40, 60, 60} {
			r.graph().Fail(pipeline.ReasonBusy, "")
			synctest.Wait()
			st := r.feed.Status()
			if got := st.NextRetry.Sub(st.Since); got != want*time.Second {
				t.Errorf("pause %v, want %v", got, want*time.Second)
			}
			r.pass(want * time.Second)
		}
		r.end()
	})
}

// A reconnect is a break that a frame tells, whichever frame a reader sees; numbers
// and times go on.
func TestFault32_FramesTellOfABreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		var seq, breaks uint64
		var pts time.Duration
		for connection := range uint64(4) {
			for range 5 {
				var f *frame.Frame
				r.graph().FrameWith(func(made *frame.Frame) { f = made })
				if f.Seq <= seq || connection+f.Seq > 1 && f.PTS <= pts {
					t.Errorf("frame %d at %v after frame %d at %v", f.Seq, f.PTS, seq, pts)
				}
				if f.Discontinuity != connection {
					t.Errorf("frame %d of connection %d is past %d breaks", f.Seq, connection, f.Discontinuity)
				}
				seq, pts, breaks = f.Seq, f.PTS, f.Discontinuity
				r.coords[0].settle(frame.Delivered)
				r.pass(40 * time.Millisecond)
			}
			r.graph().EOS()
			r.pass(6 * time.Second)
		}
		if breaks != 3 {
			t.Errorf("%d breaks after three reconnects", breaks)
		}
		r.end()
	})
}

// A new session is not begun before the old one has been taken down.
func TestFault20_NeverTwoSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for range 5 {
			r.frames(3)
			r.graph().EOS()
			r.pass(10 * time.Second)
		}
		open := 0
		for _, g := range r.b.Graphs() {
			if !g.Closed() {
				open++
			}
		}
		if open != 1 {
			t.Errorf("%d sessions are open", open)
		}
		r.end()
	})
}

// Data in which no parser finds a picture: the camera is asked rarely, and given
// more time each time, because the parameter sets may come with a far keyframe.
func TestFault29_NoParameterSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for _, limit := range []time.Duration{15, 30, 60, 120, 180, 180} {
			r.graph().Event(pipeline.GraphEvent{Kind: pipeline.EventFirstPacket})
			for range limit - 1 {
				r.graph().Data()
				r.pass(time.Second)
			}
			r.state(pipeline.WaitingKeyframe, "")
			r.graph().Data()
			r.pass(time.Second)
			r.state(pipeline.BackingOff, pipeline.ReasonNoVideo)
			if st := r.feed.Status(); st.NextRetry.Sub(st.Since) != time.Minute {
				t.Errorf("again in %v", st.NextRetry.Sub(st.Since))
			}
			r.pass(time.Minute)
		}
		r.end()
	})
}

// A camera whose keyframes are a minute apart is not cut off when a picture is
// missing; the limit is raised by what has been seen, and never lowered.
func TestFault30_KeyframesAMinuteApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for range 3 {
			r.graph().Keyframe()
			r.frames(25 * 60)
		}
		r.graph().Keyframe()
		// From now on nothing can be decoded, but the camera sends.
		for range 58 {
			r.pass(time.Second)
			r.graph().Packet()
		}
		r.state(pipeline.WaitingKeyframe, pipeline.ReasonLongGOP)
		r.frames(50)
		r.state(pipeline.Live, "")
		if n := r.b.Tries(); n != 1 {
			t.Errorf("%d connections", n)
		}
		waiting := 0
		for _, e := range r.told(pipeline.StateChanged) {
			if e.To == pipeline.WaitingKeyframe && strings.Contains(e.Text, "long GOP") {
				waiting++
			}
		}
		if waiting != 1 {
			t.Errorf("%d events of a long GOP, want 1", waiting)
		}
		r.end()
	})
}

// The rate decides the limit: neither a slow camera nor a quick one raises a
// false alarm, and both are found when they go silent.
func TestFault37_SlowAndQuickCameras(t *testing.T) {
	for _, interval := range []time.Duration{2 * time.Second, time.Second / 15} {
		t.Run(interval.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.graph().Interval = interval
				for range 5000 {
					r.graph().Frame()
					r.pass(interval)
				}
				r.state(pipeline.Live, "")
				if n := r.b.Tries(); n != 1 {
					t.Errorf("%d connections: a false alarm", n)
				}
				limit := max(5*time.Second, 5*interval)
				r.pass(limit + time.Second/2 - interval)
				r.state(pipeline.BackingOff, pipeline.ReasonStalled)
				r.end()
			})
		})
	}
}

// Hours ahead or back, for one picture or for good: the feed's clock goes on,
// and it is told at most once a minute.
func TestFault41_StreamTimeJumps(t *testing.T) {
	for name, c := range map[string]struct {
		by   time.Duration
		once bool
	}{
		"ahead for good":   {10 * time.Hour, false},
		"back for good":    {-9800 * time.Second, false},
		"ahead for a time": {10 * time.Hour, true},
		"back for a time":  {-10 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				var last *frame.Frame
				r.coords[0].most = 1
				next := func() time.Duration {
					var pts time.Duration
					r.graph().FrameWith(func(f *frame.Frame) { last = f })
					pts = last.PTS
					r.coords[0].settle(frame.Delivered)
					r.pass(40 * time.Millisecond)
					return pts
				}
				before := next()
				for i := range 3000 {
					switch {
					case i%250 == 100:
						r.graph().Jump(c.by)
					case i%250 == 101 && c.once:
						r.graph().Jump(-c.by)
					}
					pts := next()
					if step := pts - before; step <= 0 || step > time.Second {
						t.Fatalf("frame %d: a step of %v", i, step)
					}
					before = pts
				}
				if got, jumps := last.Discontinuity, r.feed.Stats().Jumps; got != jumps {
					t.Errorf("the last frame is past %d breaks, of %d", got, jumps)
				}
				if n := len(r.told(pipeline.TimeJumped)); n < 1 || n > 3 {
					t.Errorf("%d events in two minutes", n)
				}
				if n := r.feed.Stats().Jumps; n < 12 {
					t.Errorf("%d jumps were counted", n)
				}
				r.end()
			})
		})
	}
}

// A camera whose UDP brought nothing is asked for TCP at once, for an hour.
func TestFault11_TransportIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) { s.settings.Source.RTSP.Transport = pipeline.TransportAuto })
		asked := func(want string) {
			t.Helper()
			if got := r.graph().Source.RTSP.Transport; got != want {
				t.Fatalf("asked for %q, want %q", got, want)
			}
		}
		agreed := func(transport string) {
			r.graph().Event(pipeline.GraphEvent{Kind: pipeline.EventTransport, Transport: transport})
			r.frames(300)
		}
		again := func() {
			r.graph().EOS()
			r.pass(2 * time.Second)
		}
		asked(pipeline.TransportAuto)
		agreed(pipeline.TransportUDP)
		again()
		asked(pipeline.TransportAuto)
		agreed(pipeline.TransportUDP)
		agreed(pipeline.TransportTCP) // rtspsrc went over to it
		again()
		asked(pipeline.TransportTCP)
		agreed(pipeline.TransportTCP)
		if n := len(r.told(pipeline.Notice)); n != 1 {
			t.Errorf("%d notices, want 1", n)
		}
		if got := r.feed.Status().Transport; got != pipeline.TransportTCP {
			t.Errorf("the status says %q", got)
		}
		r.pass(time.Hour)
		for r.feed.Status().State != pipeline.Connecting {
			r.pass(time.Second)
		}
		asked(pipeline.TransportAuto)
		agreed(pipeline.TransportTCP)
		again()
		asked(pipeline.TransportTCP)
		r.graph().Fail(pipeline.ReasonUnsupported, "no TCP any more")
		r.pass(time.Minute)
		asked(pipeline.TransportAuto)
		r.end()
	})
}
