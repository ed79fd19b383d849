package pipeline_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

func TestLifeOfACamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.state(pipeline.Connecting, "")
		r.graph().FirstPacket()
		r.state(pipeline.WaitingKeyframe, "")
		r.frames(5)
		r.state(pipeline.Live, "")
		r.graph().EOS()
		r.state(pipeline.BackingOff, pipeline.ReasonLost)
		if !r.b.Graphs()[0].Closed() {
			t.Error("the graph of the lost connection is open")
		}
		r.pass(time.Second)
		r.state(pipeline.Connecting, "")
		if n := r.feed.Status().Restarts; n != 1 {
			t.Errorf("restarts %d, want 1", n)
		}
		r.frames(2)
		r.state(pipeline.Live, "")
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
		r.state(pipeline.Stopped, pipeline.ReasonShutdown)
		want := []pipeline.State{pipeline.Connecting, pipeline.WaitingKeyframe, pipeline.Live, pipeline.BackingOff,
			pipeline.Connecting, pipeline.Live, pipeline.Stopped}
		if got := r.story(); !slices.Equal(got, want) {
			t.Errorf("states %v, want %v", got, want)
		}
	})
}

func TestSilentCameraStallsAtTheLimit(t *testing.T) {
	for name, c := range map[string]struct {
		interval, limit time.Duration
	}{
		"25 fps":         {40 * time.Millisecond, 5 * time.Second},
		"0.5 fps":        {2 * time.Second, 10 * time.Second},
		"a frame in 20s": {20 * time.Second, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(s *setup) { s.config.FirstFrameLimit = 30 * time.Second })
				r.graph().Frame()
				for range 30 {
					r.pass(c.interval)
					r.graph().Frame()
				}
				r.state(pipeline.Live, "")
				r.pass(c.limit - time.Millisecond)
				r.state(pipeline.Live, "")
				r.pass(2 * time.Millisecond)
				r.state(pipeline.BackingOff, pipeline.ReasonStalled)
				if s := r.story(); s[len(s)-2] != pipeline.Stalled {
					t.Errorf("stalled was not reported: %v", s)
				}
				r.coords[0].settleAll(frame.Delivered)
				r.stop()
			})
		})
	}
}

func TestShortStallIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for range 3 {
			r.frames(10)
			r.pass(4 * time.Second)
		}
		r.frames(1)
		r.state(pipeline.Live, "")
		if r.b.Tries() != 1 {
			t.Errorf("%d connections, want 1", r.b.Tries())
		}
		r.stop()
	})
}

// The time without a camera is no frame interval: the stall limit stays.
func TestOutageIsNoInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(50)
		r.graph().EOS()
		r.pass(9 * time.Second)
		r.graph().Frame()
		r.pass(5*time.Second + time.Millisecond)
		r.state(pipeline.BackingOff, pipeline.ReasonStalled)
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
	})
}

func TestNothingArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.pass(10*time.Second - time.Millisecond)
		r.state(pipeline.Connecting, "")
		r.pass(2 * time.Millisecond)
		r.state(pipeline.BackingOff, pipeline.ReasonUnreachable)
		r.stop()
	})
}

func TestDataWithoutPictures(t *testing.T) {
	packets := func(r *rig, d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); r.pass(time.Second) {
			r.graph().Packet()
		}
	}
	t.Run("a keyframe that cannot be decoded", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.graph().FirstPacket()
			r.graph().Keyframe()
			packets(r, 14*time.Second)
			r.state(pipeline.WaitingKeyframe, "")
			packets(r, time.Second)
			r.state(pipeline.BackingOff, pipeline.ReasonNoVideo)
			r.stop()
		})
	})
	// Each attempt waits twice as long as the one before, until the keyframe
	// that comes once a minute is in it.
	t.Run("no keyframe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			for _, limit := range []time.Duration{15, 30, 60, 120, 180, 180} {
				r.graph().FirstPacket()
				packets(r, (limit-1)*time.Second)
				r.state(pipeline.WaitingKeyframe, "")
				packets(r, time.Second)
				r.state(pipeline.BackingOff, pipeline.ReasonLongGOP)
				r.pass(5 * time.Second)
			}
			r.stop()
		})
	})
	t.Run("then silence", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.graph().FirstPacket()
			r.pass(15*time.Second - time.Millisecond)
			r.state(pipeline.WaitingKeyframe, "")
			r.pass(2 * time.Millisecond)
			r.state(pipeline.BackingOff, pipeline.ReasonStalled)
			r.stop()
		})
	})
	// Frames stop, packets go on: the next keyframe is waited for.
	t.Run("after frames", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.frames(50)
			packets(r, 6*time.Second)
			r.state(pipeline.WaitingKeyframe, pipeline.ReasonLongGOP)
			r.frames(1)
			r.state(pipeline.Live, "")
			packets(r, 14*time.Second)
			r.state(pipeline.WaitingKeyframe, pipeline.ReasonLongGOP)
			packets(r, time.Second)
			r.state(pipeline.BackingOff, pipeline.ReasonStalled)
			want := []pipeline.State{pipeline.Connecting, pipeline.Live, pipeline.WaitingKeyframe, pipeline.Live,
				pipeline.WaitingKeyframe, pipeline.Stalled, pipeline.BackingOff}
			if got := r.story(); !slices.Equal(got, want) {
				t.Errorf("states %v, want %v", got, want)
			}
			r.coords[0].settleAll(frame.Delivered)
			r.stop()
		})
	})
}

func TestErrorsDecideThePause(t *testing.T) {
	for reason, want := range map[pipeline.Reason]time.Duration{
		pipeline.ReasonAuthFailed:  5500 * time.Millisecond, // 5 s + 10 %: Random is a half
		pipeline.ReasonNotFound:    time.Minute,
		pipeline.ReasonUnsupported: time.Minute,
		pipeline.ReasonBusy:        10 * time.Second,
		pipeline.ReasonUnreachable: time.Second,
		pipeline.ReasonLost:        time.Second,
	} {
		t.Run(string(reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.graph().Fail(reason, "what the camera said")
				r.graph().Fail(pipeline.ReasonLost, "what follows from it")
				r.state(pipeline.BackingOff, reason)
				st := r.feed.Status()
				if got := st.NextRetry.Sub(st.Since); got != want {
					t.Errorf("pause %v, want %v", got, want)
				}
				if st.Text != "what the camera said" {
					t.Errorf("text %q", st.Text)
				}
				r.pass(want - time.Millisecond)
				r.state(pipeline.BackingOff, reason)
				r.pass(time.Millisecond)
				r.state(pipeline.Connecting, "")
				r.stop()
			})
		})
	}
}

func TestGraphThatCannotBeBuiltOrStarted(t *testing.T) {
	for name, f := range map[string]graphtest.Faults{
		"build": {Build: &pipeline.Error{Reason: pipeline.ReasonNotFound, Err: errors.New("no such film")}},
		"start": {Start: &pipeline.Error{Reason: pipeline.ReasonNotFound, Err: errors.New("no such film")}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(s *setup) {
					s.settings.Sinks = []pipeline.PacketSink{&sink{}}
					s.faults = func(n int) graphtest.Faults {
						if n == 0 {
							return f
						}
						return graphtest.Faults{}
					}
				})
				r.state(pipeline.BackingOff, pipeline.ReasonNotFound)
				if st := r.feed.Status(); st.Text != "no such film" {
					t.Errorf("text %q", st.Text)
				}
				r.pass(time.Minute)
				r.frames(3)
				r.state(pipeline.Live, "")
				r.stop()
			})
		})
	}
}

// A camera that sends for a few seconds and then breaks is not asked every second.
func TestShortConnectionsDoNotResetThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		// 9 s of frames and a stall of 5 s are not 10 s of life.
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second} {
			r.frames(9 * 25)
			r.pass(5 * time.Second)
			st := r.feed.Status()
			if got := st.NextRetry.Sub(st.Since); st.State != pipeline.BackingOff || got != want {
				t.Fatalf("%v, pause %v, want %v", st.State, got, want)
			}
			r.pass(want)
		}
		r.frames(11 * 25)
		r.pass(5 * time.Second)
		if st := r.feed.Status(); st.NextRetry.Sub(st.Since) != time.Second {
			t.Errorf("pause %v after a long connection, want 1s", st.NextRetry.Sub(st.Since))
		}
		r.coords[0].settleAll(frame.Delivered)
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
	})
}

func TestRetryEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for range 3 {
			r.graph().Fail(pipeline.ReasonAuthFailed, "")
			r.state(pipeline.BackingOff, pipeline.ReasonAuthFailed)
			r.feed.Retry()
			r.state(pipeline.Connecting, "")
		}
		r.graph().Fail(pipeline.ReasonAuthFailed, "")
		r.state(pipeline.BackingOff, pipeline.ReasonAuthFailed)
		st := r.feed.Status()
		if got := st.NextRetry.Sub(st.Since); got > 6*time.Second {
			t.Errorf("pause %v after Retry, want the first one", got)
		}
		r.stop()
	})
}

func TestFilmEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) {
			s.settings.Source = pipeline.DefaultSource()
			s.settings.Source.Film.Path = "a.mp4"
		})
		r.frames(3) // the first is with the processor, the third in the slot
		r.graph().EOS()
		r.pass(time.Second)
		if r.feed.Status().State == pipeline.Stopped {
			t.Fatal("stopped before the last frames were answered")
		}
		r.coords[0].settle(frame.Delivered)
		r.coords[0].settle(frame.Delivered)
		<-r.ended
		r.state(pipeline.Stopped, pipeline.ReasonEnded)
		r.ledger(map[frame.Outcome]uint64{frame.Delivered: 2, frame.Superseded: 1})
		r.balanced()
		r.stop()
	})
}

// A processor that does not answer at the end of a film does not keep it open.
func TestFilmEndsWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) {
			s.settings.Source = pipeline.DefaultSource()
			s.settings.Source.Film.Path = "a.mp4"
		})
		r.frames(2)
		r.graph().EOS()
		<-r.ended
		r.state(pipeline.Stopped, pipeline.ReasonEnded)
		r.ledger(map[frame.Outcome]uint64{frame.Stopped: 1})
		r.coords[0].settle(frame.Timeout)
		r.balanced()
	})
}

func TestFrozenTeardownIsBoundedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) {
			s.faults = func(n int) graphtest.Faults {
				return graphtest.Faults{FreezeInput: n == 0, FreezeClose: n == 0}
			}
		})
		r.frames(3)
		r.graph().EOS()
		r.pass(3 * time.Second) // CloseInput has given up, Close is frozen
		if n := r.feed.Decoded(); n != 3 {
			t.Errorf("decoded %d while the graph closes, want 3", n)
		}
		r.pass(time.Second + time.Millisecond)
		r.state(pipeline.Connecting, "")
		if n := r.feed.Stats().Abandoned; n != 2 {
			t.Errorf("abandoned %d, want 2", n)
		}
		if n := len(r.told(pipeline.TeardownFailed)); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
	})
}

func TestWhatAGraphSaysOfItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		g := r.graph()
		g.Event(pipeline.GraphEvent{Kind: pipeline.EventDecoder, Decoder: "avdec_h264", Text: "no hardware"})
		g.Event(pipeline.GraphEvent{Kind: pipeline.EventCaps, Width: 1920, Height: 1080, FPS: 25})
		g.Event(pipeline.GraphEvent{Kind: pipeline.EventLatency, Latency: 210 * time.Millisecond})
		for range 1000 {
			g.Event(pipeline.GraphEvent{Kind: pipeline.EventNotice, Text: "chatter"})
		}
		r.frames(30)
		st := r.feed.Status()
		if st.Decoder != "avdec_h264" || st.Width != 1920 || st.Height != 1080 || st.Latency != 210*time.Millisecond {
			t.Errorf("status %+v", st)
		}
		if st.FPS < 24.9 || st.FPS > 25.1 {
			t.Errorf("fps %v, want 25", st.FPS)
		}
		if e := r.told(pipeline.DecoderChosen); len(e) != 1 || !strings.Contains(e[0].Text, "avdec_h264") {
			t.Errorf("decoder events %+v", e)
		}
		if n := len(r.told(pipeline.Notice)); n != 32 {
			t.Errorf("%d of 1000 notices came through, want 32", n)
		}
		r.stop()
	})
}
