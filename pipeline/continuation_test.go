package pipeline_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

// watched is a feed whose annotated stream somebody watches.
func watched(s *sink, more ...func(*setup)) func(*setup) {
	s.watch(true)
	return func(u *setup) {
		u.settings.Sinks = []pipeline.PacketSink{s}
		for _, m := range more {
			m(u)
		}
	}
}

func found(label string) frame.Result {
	return frame.Result{Outcome: frame.Delivered, Output: frame.Output{Detections: []frame.Detection{{Label: label}}}}
}

func seqs(p []graphtest.Push) []uint64 {
	var list []uint64
	for _, x := range p {
		list = append(list, x.Seq)
	}
	return list
}

func TestFrameGoesOnWithItsOwnResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s))
		for i := range 3 {
			r.graph().Frame()
			r.pass(20 * time.Millisecond)
			if n := len(r.graph().Pushes()); n != i {
				t.Fatalf("pushed before the result: %d", n)
			}
			r.coords[0].settleWith(found("cat"))
			r.pass(20 * time.Millisecond)
		}
		p := r.graph().Pushes()
		if !slices.Equal(seqs(p), []uint64{1, 2, 3}) {
			t.Fatalf("pushed %v", seqs(p))
		}
		for _, x := range p {
			if len(x.Findings) != 1 || x.Findings[0].Age != 0 || x.Findings[0].Processor != "a" ||
				x.Findings[0].Result.Output.Detections[0].Label != "cat" {
				t.Errorf("frame %d has findings %+v", x.Seq, x.Findings)
			}
		}
		if !p[0].Keyframe || p[1].Keyframe {
			t.Error("the first picture, and only it, is to be a keyframe")
		}
		if got := s.got(); len(got) != 3 || got[2].PTS != p[2].PTS {
			t.Errorf("packets %+v", got)
		}
		r.stop()
	})
}

func TestFrameGoesOnAfterHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}))
		r.graph().Frame()
		r.coords[0].settleWith(found("old"))
		r.pass(40 * time.Millisecond)
		r.graph().Frame()
		at := time.Now()
		r.pass(time.Second)
		p := r.graph().Pushes()
		if len(p) != 2 || p[1].At.Sub(at) != 150*time.Millisecond {
			t.Fatalf("pushed %+v, want the second after 150 ms", p)
		}
		if x := p[1].Findings; len(x) != 1 || x[0].Age != 40*time.Millisecond || x[0].Result.Output.Detections[0].Label != "old" {
			t.Errorf("findings %+v, want the newest and its age", x)
		}
		// The answer that comes too late is the newest for those after it.
		r.coords[0].settleWith(found("late"))
		r.coords[0].refuseWith(frame.QueueFull)
		r.graph().Frame()
		synctest.Wait()
		p = r.graph().Pushes()
		if len(p) != 3 || p[2].Findings[0].Result.Output.Detections[0].Label != "late" || p[2].Findings[0].Age <= 0 {
			t.Errorf("pushes %+v", p)
		}
		if st := r.feed.Stats(); st.Pushed != 3 || st.Late != 1 || st.Refused != 0 {
			t.Errorf("stats %+v", st)
		}
		r.stop()
	})
}

// No frame passes another, whatever order their outcomes come in, and what is
// not inferred waits behind what is.
func TestOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}, func(u *setup) {
			u.config.MaxHeld, u.config.Hold = 8, time.Second
		}, withSlots(pipeline.ProcessorConfig{MaxInFlight: 2}, pipeline.ProcessorConfig{MaxInFlight: 4})))
		r.frames(4)
		r.coords[1].settleAll(frame.Delivered) // b is done with all, a with none
		synctest.Wait()
		if n := len(r.graph().Pushes()); n != 0 {
			t.Fatalf("%d pushed before a was done with the first", n)
		}
		r.coords[0].settle(frame.Failed) // 1; the slot's 4 is submitted
		synctest.Wait()
		if got := seqs(r.graph().Pushes()); !slices.Equal(got, []uint64{1}) {
			t.Fatalf("pushed %v, want 1", got)
		}
		r.coords[0].settleWith(found("two")) // 2; 3 was replaced by 4 and goes too
		synctest.Wait()
		if got := seqs(r.graph().Pushes()); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Fatalf("pushed %v, want 1 2 3", got)
		}
		three := r.graph().Pushes()[2]
		if f := three.Findings; len(f) != 2 || f[0].Age != 40*time.Millisecond || f[1].Age != 0 {
			t.Errorf("frame 3 has %+v, want a's result of frame 2 and b's own", f)
		}
		r.pass(time.Second)
		if got := seqs(r.graph().Pushes()); !slices.Equal(got, []uint64{1, 2, 3, 4}) {
			t.Errorf("pushed %v", got)
		}
		r.stop()
	})
}

func TestHeldFramesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}, func(u *setup) { u.config.Hold = 2 * time.Second },
			withSlots(pipeline.ProcessorConfig{MaxInFlight: 4})))
		// 1 to 4 are with the processor, 6 has taken the slot from 5.
		r.frames(6)
		if got := seqs(r.graph().Pushes()); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("pushed %v, want all but the 3 that are held", got)
		}
		if n := r.b.Pool.Most(); n > 6 {
			t.Errorf("%d frames were out at once, want no more than came", n)
		}
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
	})
}

func TestNothingIsDoneForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s))
		s.watch(false)
		for range 3 {
			r.graph().Frame()
			r.coords[0].settleWith(found("cat"))
		}
		synctest.Wait()
		if n := r.b.Pool.Out(); n != 0 || len(r.graph().Pushes()) != 0 {
			t.Errorf("%d held, %d pushed, with nobody watching", n, len(r.graph().Pushes()))
		}
		s.watch(true)
		r.frames(2)
		r.pass(time.Second)
		p := r.graph().Pushes()
		if !slices.Equal(seqs(p), []uint64{4, 5}) || !p[0].Keyframe || p[1].Keyframe {
			t.Errorf("pushed %+v, want 4 as keyframe, and 5", p)
		}
		if f := p[0].Findings; len(f) != 1 || f[0].Age == 0 {
			t.Errorf("findings %+v, want those from before", f)
		}
		r.graph().Frame()
		s.watch(false)
		r.graph().Frame()
		synctest.Wait()
		if n := len(r.graph().Pushes()); n != 2 {
			t.Errorf("%d pushed, want no more than 2", n)
		}
		s.watch(true)
		r.graph().Frame()
		r.pass(time.Second)
		if p := r.graph().Pushes(); !p[len(p)-1].Keyframe {
			t.Error("no keyframe for the one who came back")
		}
		r.coords[0].settleAll(frame.Delivered)
		r.stop()
	})
}

// For measuring the bridge every frame goes through, without a viewer.
func TestDiscardedContinuationIsAlwaysWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(s *setup) { s.settings.Graph.DiscardContinuation = true })
		for range 3 {
			r.frames(1)
			r.coords[0].settle(frame.Delivered)
		}
		synctest.Wait()
		if n := len(r.graph().Pushes()); n != 3 {
			t.Errorf("%d of 3 pushed", n)
		}
		r.stop()
	})
}

func TestRequestKeyframe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}))
		r.coords[0].refuseWith(frame.Unavailable)
		r.frames(2)
		r.feed.RequestKeyframe()
		r.frames(2)
		var keys []bool
		for _, p := range r.graph().Pushes() {
			keys = append(keys, p.Keyframe)
		}
		if !slices.Equal(keys, []bool{true, false, true, false}) {
			t.Errorf("keyframes %v", keys)
		}
		r.stop()
	})
}

func TestRefusedPushesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}, func(u *setup) {
			u.faults = func(int) graphtest.Faults { return graphtest.Faults{Push: pipeline.ErrFull} }
		}))
		r.coords[0].refuseWith(frame.Unavailable)
		r.frames(5)
		if st := r.feed.Stats(); st.Refused != 5 || st.Pushed != 0 {
			t.Errorf("stats %+v", st)
		}
		r.stop()
	})
}

// Push does not block. One that freezes all the same holds the goroutine that is
// in it, and nobody else: frames and answers of the feed go on.
func TestFrozenPushHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}, func(u *setup) {
			u.faults = func(n int) graphtest.Faults { return graphtest.Faults{FreezePush: n == 0} }
		}))
		r.frames(1)
		go r.coords[0].settle(frame.Delivered)
		synctest.Wait()
		for range 49 {
			r.frames(1)
			r.coords[0].settle(frame.Delivered)
		}
		if l := r.feed.Ledger(0); l[frame.Delivered] != 50 {
			t.Errorf("ledger %v, want all 50 delivered", l)
		}
		if n := r.b.Pool.Out(); n > 5 {
			t.Errorf("%d frames are held for a frozen continuation", n)
		}
		frozen := r.graph()
		frozen.EOS()
		r.pass(3 * time.Second)
		if n := r.feed.Stats().Abandoned; n != 1 {
			t.Errorf("abandoned %d, want 1", n)
		}
		r.frames(2)
		r.coords[0].settleAll(frame.Delivered)
		r.pass(time.Second)
		if n := len(r.graph().Pushes()); n != 2 {
			t.Errorf("%d pushed by the next connection, want 2", n)
		}
		if st := r.feed.Stats(); st.Pushed+st.Displaced != 51 {
			t.Errorf("stats %+v: 51 frames should be pushed or displaced by now", st)
		}
		frozen.Thaw()
		synctest.Wait()
		r.stop()
	})
}

func TestBrokenContinuationLeavesAnalysisAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}))
		r.frames(1)
		r.graph().Event(pipeline.GraphEvent{Kind: pipeline.EventContinuation, Text: "no encoder"})
		synctest.Wait()
		for range 5 {
			r.frames(1)
			r.coords[0].settle(frame.Delivered)
		}
		if n := len(r.graph().Pushes()); n != 0 {
			t.Errorf("%d pushed into a broken continuation", n)
		}
		if l := r.feed.Ledger(0); l[frame.Delivered] < 3 {
			t.Errorf("ledger %v: analysis stopped", l)
		}
		if e := r.told(pipeline.ContinuationFailed); len(e) != 1 || e[0].Text != "no encoder" {
			t.Errorf("events %+v", e)
		}
		r.stop()
	})
}

// Frames held when the connection breaks go on at once, before it is closed.
func TestReconnectFlushesHeldFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s, func(u *setup) { u.config.Hold = 2 * time.Second }))
		r.frames(3)
		first := r.graph()
		first.EOS()
		synctest.Wait()
		if got := seqs(first.Pushes()); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("pushed %v", got)
		}
		r.pass(2 * time.Second)
		r.coords[0].settleAll(frame.Delivered) // of the first connection's frames
		r.frames(3)
		r.coords[0].settleAll(frame.Delivered)
		r.pass(2 * time.Second)
		last := time.Duration(-1)
		for _, p := range s.got() {
			if p.PTS <= last {
				t.Errorf("packet at %v after %v", p.PTS, last)
			}
			last = p.PTS
		}
		if n := len(s.got()); n != 6 {
			t.Errorf("%d packets, want 6", n)
		}
		r.stop()
	})
}

func TestPacketsNeverGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s))
		for _, at := range []time.Duration{1, 2, 2, 1, 3} {
			r.graph().Emit(frame.Packet{PTS: at})
		}
		var got []time.Duration
		for _, p := range s.got() {
			got = append(got, p.PTS)
		}
		if !slices.Equal(got, []time.Duration{1, 2, 3}) {
			t.Errorf("packets at %v", got)
		}
		if st := r.feed.Stats(); st.Packets != 3 || st.PacketsRefused != 2 {
			t.Errorf("stats %+v", st)
		}
		r.stop()
	})
}

// A coordinator's memory is its own again when Settled returns.
func TestResultsAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := start(t, watched(s))
		scratch := found("mine")
		answer := func() {
			scratch.Output.Detections[0].Label = "mine"
			r.coords[0].settleWith(scratch)
			scratch.Output.Detections[0].Label = "overwritten"
			synctest.Wait()
		}
		s.watch(false)
		r.graph().Frame()
		answer() // kept as the newest
		s.watch(true)
		r.graph().Frame()
		r.pass(time.Second) // goes on with it
		answer()
		r.graph().Frame()
		answer() // goes on with its own
		p := r.graph().Pushes()
		if len(p) != 2 {
			t.Fatalf("pushed %+v", p)
		}
		for _, x := range p {
			if label := x.Findings[0].Result.Output.Detections[0].Label; label != "mine" {
				t.Errorf("frame %d has the label %q", x.Seq, label)
			}
		}
		r.stop()
	})
}

type tap struct {
	seqs   []uint64
	labels []string
	names  []string
}

func (t *tap) Deliver(f *frame.Frame, findings []frame.Finding) {
	t.seqs = append(t.seqs, f.Seq)
	for _, x := range findings {
		t.names = append(t.names, x.Processor)
		t.labels = append(t.labels, x.Result.Output.Detections[0].Label)
	}
}

func TestTapsGetDeliveredFramesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &tap{}
		r := start(t, func(s *setup) {
			s.settings.Taps = []pipeline.Tap{x}
			withSlots(pipeline.ProcessorConfig{MaxInFlight: 4})(s)
		})
		r.frames(4)
		c := r.coords[0]
		c.settleWith(found("one"))
		c.settle(frame.Failed)
		c.settle(frame.Timeout)
		c.settleWith(found("four"))
		if !slices.Equal(x.seqs, []uint64{1, 4}) || !slices.Equal(x.labels, []string{"one", "four"}) || !slices.Equal(x.names, []string{"a", "a"}) {
			t.Errorf("taps got %+v", x)
		}
		r.stop()
	})
}

// Processors answer on goroutines of their own; a tap sees one result at a time.
func TestTapsSeeOneResultAtATime(t *testing.T) {
	x := &orderTap{t: t}
	const processors, results = 4, 500
	var batchers []*single
	s := pipeline.Settings{Source: camera(), Taps: []pipeline.Tap{x}, Build: (&graphtest.Builder{}).Build}
	for i := range processors {
		batchers = append(batchers, &single{})
		s.Processors = append(s.Processors, pipeline.Processor{Name: string(rune('a' + i)), Batcher: batchers[i]})
	}
	f, err := pipeline.New("door", pipeline.DefaultConfig(), s)
	if err != nil {
		t.Fatal(err)
	}
	var answers sync.WaitGroup
	for i := range processors {
		answers.Go(func() {
			for n := range results {
				fr := &frame.Frame{Seq: uint64(n + 1)}
				fr.Init(nil)
				f.Settled(i, fr, &frame.Result{Outcome: frame.Delivered}, nil)
			}
		})
	}
	answers.Wait()
}
