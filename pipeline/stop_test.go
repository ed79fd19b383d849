package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

// The first half ends submission and input; what is with the coordinators may
// still come back and goes on to the viewers; the second half ends the rest.
func TestStopHasTwoHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s, func(u *setup) { u.config.Hold = 2 * time.Second }))
		r.frames(3) // 1 is submitted, 3 is in the slot
		if err := r.feed.StopInput(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.graph().Frame() {
			t.Error("frames still come")
		}
		r.ledger(map[frame.Outcome]uint64{frame.Superseded: 1, frame.Stopped: 1})
		if st := r.feed.Status(); st.State != pipeline.Live {
			t.Errorf("state %v before the second half", st.State)
		}
		r.coords[0].settleWith(found("last"))
		synctest.Wait()
		p := r.graph().Pushes()
		if len(p) != 3 || p[0].Findings[0].Result.Output.Detections[0].Label != "last" {
			t.Errorf("pushed %+v, want 1 to 3 with the last result", p)
		}
		if n := r.coords[0].submitted(); len(n) != 1 {
			t.Errorf("submitted %v after the stop", n)
		}
		if err := r.feed.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !r.graph().Closed() {
			t.Error("the graph is open")
		}
		select {
		case <-r.ended:
		default:
			t.Error("Run has not returned")
		}
		r.balanced()
	})
}

func TestStopAtAnyTime(t *testing.T) {
	for name, reach := range map[string]func(*rig){
		"connecting":       func(*rig) {},
		"waiting_keyframe": func(r *rig) { r.graph().FirstPacket() },
		"live":             func(r *rig) { r.frames(3) },
		"backing_off":      func(r *rig) { r.graph().Fail(pipeline.ReasonNotFound, "") },
		"again":            func(r *rig) { r.frames(3); r.graph().EOS(); r.pass(time.Second); r.frames(2) },
	} {
		for way, stop := range map[string]func(*rig){
			"halves": func(r *rig) { r.stop() },
			"close":  func(r *rig) { r.mustStop(r.feed.Close(r.t.Context())) },
			"cancel": func(r *rig) { r.cancel() },
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := start(t, nil)
					reach(r)
					synctest.Wait()
					go func() { // the coordinator answers in its own time
						time.Sleep(time.Second)
						r.coords[0].settleAll(frame.Stopped)
					}()
					begun := time.Now()
					stop(r)
					<-r.ended
					if d := time.Since(begun); d > 2*time.Second {
						t.Errorf("took %v", d)
					}
					r.state(pipeline.Stopped, pipeline.ReasonShutdown)
					r.balanced()
					time.Sleep(2 * time.Second)
				})
			})
		}
	}
}

func TestStopTwiceAndBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(2)
		r.stop()
		r.stop()
		if err := r.feed.Run(t.Context()); err == nil {
			t.Error("Run a second time is no error")
		}
		var b graphtest.Builder
		f, err := pipeline.New("door", pipeline.DefaultConfig(), pipeline.Settings{Source: camera(), Build: b.Build})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.StopInput(t.Context()); err != nil {
			t.Error(err)
		}
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := f.Run(t.Context()); err != nil || b.Tries() != 0 {
			t.Errorf("Run after Close: %v, %d graphs", err, b.Tries())
		}
		if s := f.Status().State; s != pipeline.Stopped {
			t.Errorf("state %v", s)
		}
	})
}

// A coordinator that never answers does not keep a feed from ending, and its
// answer is booked when it comes all the same.
func TestStopWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(1)
		begun := time.Now()
		r.cancel()
		<-r.ended
		if d := time.Since(begun); d != 8*time.Second {
			t.Errorf("waited %v for the answer, want 8s", d)
		}
		if n := r.feed.Pending(); n != 1 {
			t.Errorf("pending %d, want the answer that is missing", n)
		}
		r.coords[0].settle(frame.Stopped)
		r.balanced()
	})
}

// Frames that come while the input is being closed are stopped, not submitted.
func TestFramesDuringTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) {
			s.faults = func(int) graphtest.Faults { return graphtest.Faults{FreezeInput: true} }
		})
		go func() { r.mustStop(r.feed.StopInput(t.Context())) }()
		synctest.Wait()
		r.frames(3)
		r.pass(2 * time.Second)
		r.ledger(map[frame.Outcome]uint64{frame.Stopped: 3})
		r.mustStop(r.feed.Close(t.Context()))
		r.balanced()
	})
}

// Also when only its context ends, a feed submits nothing more.
func TestCancelStopsTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(2)
		r.cancel()
		synctest.Wait()
		r.coords[0].settle(frame.Delivered)
		<-r.ended
		r.ledger(map[frame.Outcome]uint64{frame.Delivered: 1, frame.Stopped: 1})
		r.balanced()
	})
}

func TestStopIsBoundedByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s, func(u *setup) {
			u.faults = func(int) graphtest.Faults {
				return graphtest.Faults{FreezeInput: true, FreezeClose: true, FreezePush: true}
			}
		}))
		r.frames(3)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// Each half gives up with its context; a graph's own step too.
		_ = r.feed.StopInput(ctx)
		_ = r.feed.Close(ctx)
		if d := time.Since(begun); d > time.Second {
			t.Errorf("took %v, allowed 1s", d)
		}
		r.coords[0].settleAll(frame.Stopped)
		<-r.ended
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("the feed ended after %v", d)
		}
		if n := r.feed.Stats().Abandoned; n != 3 {
			t.Errorf("abandoned %d, want input, continuation and graph", n)
		}
		r.graph().Thaw()
		synctest.Wait()
		r.balanced()
	})
}

// A graph that hands over a frame after it said that none comes is caught: the
// books were closed.
func TestStrayFrameIsNotBooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var handler pipeline.GraphHandler
		r := start(t, func(s *setup) {
			build := s.settings.Build
			s.settings.Build = func(src pipeline.Source, gs pipeline.GraphSettings, h pipeline.GraphHandler) (pipeline.Graph, error) {
				handler = h
				return build(src, gs, h)
			}
		})
		r.frames(1)
		r.coords[0].settle(frame.Delivered)
		r.stop()
		freed := false
		f := &frame.Frame{}
		f.Init(func(*frame.Frame) { freed = true })
		handler.OnFrame(f)
		if st := r.feed.Stats(); st.Stray != 1 || r.feed.Ledger(0).Sum() != 1 || !freed {
			t.Errorf("stats %+v, ledger %v, freed %v", st, r.feed.Ledger(0), freed)
		}
	})
}

func TestTimeJumpsAreReportedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		jumps := 0
		for range 180 {
			r.graph().Jump(time.Hour)
			for range 25 {
				r.frames(1)
			}
			jumps++
		}
		r.coords[0].settleAll(frame.Delivered)
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
		var told uint64
		events := r.told(pipeline.TimeJumped)
		for i, e := range events {
			told += e.Count
			if i > 0 && i < len(events)-1 && e.At.Sub(events[i-1].At) < time.Minute {
				t.Errorf("two events within %v", e.At.Sub(events[i-1].At))
			}
		}
		if n := r.feed.Stats().Jumps; told != n || n < uint64(jumps)-1 || len(events) > 6 {
			t.Errorf("%d jumps made, %d counted, %d told in %d events", jumps, n, told, len(events))
		}
	})
}
