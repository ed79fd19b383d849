package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// behind is a processor that gets crops of another one's detections.
func behind(of string) pipeline.ProcessorConfig {
	return pipeline.ProcessorConfig{Crops: pipeline.CropConfig{Of: of, Most: 2}}
}

// cars are detections side by side, the first the least confident.
func cars(n int) frame.Result {
	r := frame.Result{Outcome: frame.Delivered}
	for i := range n {
		x := float32(i) / 8
		r.Output.Detections = append(r.Output.Detections, frame.Detection{
			Label: "car", Confidence: .5 + x/8, Box: frame.Box{XMin: x, XMax: x + .125, YMax: .5},
		})
	}
	return r
}

// storyTap notes deliveries: "b of a 2: plate@1" is the result of b for frame 2,
// with a plate in a's detection 1.
type storyTap struct{ told []string }

func (s *storyTap) Deliver(f *frame.Frame, findings []frame.Finding) {
	for _, x := range findings {
		name := x.Processor
		if x.Of != "" {
			name += " of " + x.Of
		}
		var what []string
		for _, d := range x.Result.Output.Detections {
			label := d.Label
			if x.Of != "" {
				label += fmt.Sprintf("@%d", d.Parent)
			}
			what = append(what, label)
		}
		s.told = append(s.told, fmt.Sprintf("%s %d: %s", name, f.Seq, strings.Join(what, " ")))
	}
}

func (s *storyTap) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(s.told, lines) {
		t.Errorf("delivered\n%s\nwant\n%s", strings.Join(s.told, "\n"), strings.Join(lines, "\n"))
	}
	s.told = nil
}

func tapped(tap pipeline.Tap, configs ...pipeline.ProcessorConfig) func(*setup) {
	return func(u *setup) {
		withSlots(configs...)(u)
		u.settings.Taps = []pipeline.Tap{tap}
		u.settings.View = &panning{}
	}
}

func (r *rig) wantLedger(i int, want frame.Ledger) {
	r.t.Helper()
	if got := r.feed.Ledger(i); got != want {
		r.t.Errorf("the ledger of %s: %v, want %v", nameOf(i), got, want)
	}
}

func TestCropsOfWhatWasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tap := &storyTap{}
		r := start(t, tapped(tap, pipeline.ProcessorConfig{}, behind("a")))
		a, b := r.coords[0], r.coords[1]
		r.frames(1)
		if len(b.queue) != 0 || r.feed.Pending() != 2 {
			t.Fatalf("b has %d frames before a's answer, pending %d", len(b.queue), r.feed.Pending())
		}
		a.settleWith(cars(3))
		if len(b.queue) != 1 || b.views[0].Epoch != 1 || b.queue[0].Frame.Seq != 1 {
			t.Fatalf("b has %+v with the views %+v", b.queue, b.views)
		}
		found := cars(3).Output.Detections
		if got, want := b.queue[0].regions, []frame.Box{found[2].Box, found[1].Box}; !slices.Equal(got, want) {
			t.Errorf("regions %v, want the two most confident %v", got, want)
		}
		b.answerWith(func(s submission) (frame.Result, []frame.Result) {
			plate := frame.Detection{Label: "plate"}
			return frame.Result{Outcome: frame.Delivered}, []frame.Result{
				{Outcome: frame.Delivered, Output: frame.Output{Detections: []frame.Detection{plate}}},
				{Outcome: frame.Delivered, Output: frame.Output{Detections: []frame.Detection{{Label: "dirt"}, plate}}},
			}
		})
		tap.want(t, "a 1: car car car", "b of a 1: plate@2 dirt@1 plate@1")
		for i := range 2 {
			r.wantLedger(i, frame.Ledger{frame.Delivered: 1})
		}
		if got, want := r.feed.Crops(1), (pipeline.CropStats{Submitted: 2, LeftOut: 1}); got != want {
			t.Errorf("crops %+v, want %+v", got, want)
		}
		r.stop()
	})
}

// What the first does not deliver, and where it finds nothing, the second skips.
func TestNothingToCropIsSkipped(t *testing.T) {
	for name, c := range map[string]struct {
		first  func(r *rig)
		second frame.Outcome
	}{
		"nothing found": {func(r *rig) { r.frames(1); r.coords[0].settle(frame.Delivered) }, frame.Skipped},
		"failed":        {func(r *rig) { r.frames(1); r.coords[0].settle(frame.Failed) }, frame.Skipped},
		"timeout":       {func(r *rig) { r.frames(1); r.coords[0].settle(frame.Timeout) }, frame.Skipped},
		"stopped":       {func(r *rig) { r.frames(1); r.coords[0].settle(frame.Stopped) }, frame.Stopped},
		"refused":       {func(r *rig) { r.coords[0].refuseWith(frame.QueueFull); r.frames(1) }, frame.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, withSlots(pipeline.ProcessorConfig{}, behind("a"), behind("b")))
				c.first(r)
				var want frame.Ledger
				want[c.second] = 1
				r.wantLedger(1, want)
				r.wantLedger(2, want)
				if n := r.feed.Pending() + r.b.Pool.Out(); n != 0 {
					t.Errorf("%d frames pending or held", n)
				}
				r.stop()
			})
		})
	}
}

func TestRefusedCropsAreOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}, behind("a"), behind("b")))
		r.coords[1].refuseWith(frame.QueueFull)
		r.frames(1)
		r.coords[0].settleWith(cars(1))
		r.wantLedger(1, frame.Ledger{frame.QueueFull: 1})
		r.wantLedger(2, frame.Ledger{frame.Skipped: 1})
		if got := r.feed.Crops(1); got != (pipeline.CropStats{}) {
			t.Errorf("crops %+v of a frame that was refused", got)
		}
		r.stop()
	})
}

// A slow second processor gets the newest frame's crops, each with its own
// frame, view and parents, and holds up nothing of the first.
func TestNewestCropsWaitInTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tap := &storyTap{}
		r := start(t, tapped(tap, pipeline.ProcessorConfig{}, behind("a")))
		a, b := r.coords[0], r.coords[1]
		for n := range 4 {
			r.frames(1)
			a.settleWith(cars(n + 1))
		}
		tap.want(t, "a 1: car", "a 2: car car", "a 3: car car car", "a 4: car car car car")
		b.settleWith(found("plate"))
		b.settleWith(found("plate"))
		tap.want(t, "b of a 1: plate@0", "b of a 4: plate@3 plate@2")
		if b.views[1].Epoch != 4 || !slices.Equal(b.seen, []uint64{1, 4}) {
			t.Errorf("b has frames %v with views %+v", b.seen, b.views)
		}
		r.wantLedger(1, frame.Ledger{frame.Delivered: 2, frame.Superseded: 2})
		if got, want := r.feed.Crops(1), (pipeline.CropStats{Submitted: 3, LeftOut: 2}); got != want {
			t.Errorf("crops %+v, want %+v: those superseded do not count", got, want)
		}
		r.stop()
	})
}

// A frame that loses its place in the middle of a chain is none for the end.
func TestSupersededCropsAreSkippedBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}, behind("a"), behind("b")))
		for range 4 {
			r.frames(1)
			r.coords[0].settleWith(cars(1))
		}
		r.wantLedger(1, frame.Ledger{frame.Superseded: 2})
		r.wantLedger(2, frame.Ledger{frame.Skipped: 2})
		r.stop()
	})
}

func TestChainOfThree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tap := &storyTap{}
		r := start(t, tapped(tap, pipeline.ProcessorConfig{}, behind("a"), behind("b"), behind("a")))
		r.frames(1)
		r.coords[0].settleWith(cars(2))
		r.coords[3].settleWith(found("colour"))
		r.coords[1].answerWith(func(s submission) (frame.Result, []frame.Result) {
			plates, failed := cars(1), cars(2)
			failed.Outcome = frame.Failed
			return frame.Result{Outcome: frame.Delivered, Partial: true}, []frame.Result{failed, plates}
		})
		if n := len(r.coords[2].queue[0].regions); n != 1 {
			t.Fatalf("the third has %d crops, want one: of what the second has found", n)
		}
		r.coords[2].settleWith(found("text"))
		tap.want(t, "a 1: car car", "d of a 1: colour@1 colour@0", "b of a 1: car@0", "c of b 1: text@0")
		r.stop()
	})
}

func TestOutputOfCropsBesideDetections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var data any
		r := start(t, tapped(deliver(func(f frame.Finding) {
			if f.Of != "" {
				data = f.Result.Output.Data
			}
		}), pipeline.ProcessorConfig{}, behind("a")))
		r.frames(1)
		first := cars(2)
		r.coords[0].settleWith(first)
		r.coords[1].answerWith(func(s submission) (frame.Result, []frame.Result) {
			return frame.Result{Outcome: frame.Delivered}, []frame.Result{
				{Outcome: frame.Delivered},
				{Outcome: frame.Delivered, Output: frame.Output{Data: "vector"}},
			}
		})
		want := []frame.PartData{{Parent: 0, Region: first.Output.Detections[0].Box, Data: "vector"}}
		if got, ok := data.([]frame.PartData); !ok || !slices.Equal(got, want) {
			t.Errorf("data %+v, want %+v", data, want)
		}
		r.stop()
	})
}

type deliver func(frame.Finding)

func (d deliver) Deliver(_ *frame.Frame, findings []frame.Finding) { d(findings[0]) }

// A frame of the annotated stream waits for both, within one hold.
func TestHoldWaitsForTheWholeCascade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, watched(&sink{}, withSlots(pipeline.ProcessorConfig{}, behind("a"))))
		a, b := r.coords[0], r.coords[1]
		r.frames(1)
		a.settleWith(cars(1))
		r.pass(40 * time.Millisecond)
		if n := len(r.graph().Pushes()); n != 0 {
			t.Fatalf("%d pushed before the second's answer", n)
		}
		b.settleWith(found("plate"))
		r.frames(1)
		a.settle(frame.Delivered) // nothing to crop: nothing to wait for
		synctest.Wait()
		at := time.Now()
		r.graph().Frame()
		a.settleWith(cars(1))
		r.pass(time.Second)
		p := r.graph().Pushes()
		if !slices.Equal(seqs(p), []uint64{1, 2, 3}) || p[2].At.Sub(at) != 150*time.Millisecond {
			t.Fatalf("pushed %+v, want the third after its hold", p)
		}
		for i, ages := range [][2]time.Duration{{0, 0}, {0, p[1].PTS - p[0].PTS}, {0, p[2].PTS - p[0].PTS}} {
			f := p[i].Findings
			if len(f) != 2 || f[0].Age != ages[0] || f[1].Age != ages[1] || f[0].Of != "" || f[1].Of != "a" {
				t.Errorf("frame %d has findings %+v, want ages %v", p[i].Seq, f, ages)
			}
		}
		b.settleAll(frame.Delivered)
		r.stop()
	})
}

func TestRateOfTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := behind("a")
		second.FPS = 5
		r := start(t, withSlots(pipeline.ProcessorConfig{}, second))
		for range 50 { // 2 s
			r.frames(1)
			r.coords[0].settleWith(cars(1))
			r.coords[1].settle(frame.Delivered)
		}
		if n := r.feed.Ledger(1)[frame.Delivered]; n < 9 || n > 11 {
			t.Errorf("%d frames in 2 s, want 10", n)
		}
		r.stop()
	})
}

// Stopping in the middle: one frame is with the second, one in its slot, one
// with the first, and one in the first's slot.
func TestStopInTheMiddleOfACascade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}, behind("a"), behind("b")))
		for range 2 {
			r.frames(1)
			r.coords[0].settleWith(cars(1))
		}
		r.frames(2)
		if n := r.feed.Pending(); n != 2+4+4 {
			t.Errorf("pending %d", n)
		}
		if err := r.feed.StopInput(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.coords[0].settleWith(cars(1))
		r.coords[1].settleWith(cars(1))
		if n := len(r.coords[1].queue) + len(r.coords[2].queue); n != 0 {
			t.Errorf("%d frames were submitted after the stop", n)
		}
		r.stop()
		r.wantLedger(0, frame.Ledger{frame.Delivered: 3, frame.Stopped: 1})
		r.wantLedger(1, frame.Ledger{frame.Delivered: 1, frame.Stopped: 3})
		r.wantLedger(2, frame.Ledger{frame.Stopped: 4})
	})
}

// A camera that breaks off leaves frames that are still processed, and those
// lost on the way are stopped at every stage.
func TestCascadeOutlivesAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withSlots(pipeline.ProcessorConfig{}, behind("a")))
		r.frames(1)
		r.graph().Lose()
		r.graph().EOS()
		r.pass(100 * time.Millisecond)
		r.coords[0].settleWith(cars(1))
		r.coords[1].settle(frame.Delivered)
		for i := range 2 {
			r.wantLedger(i, frame.Ledger{frame.Delivered: 1, frame.Stopped: 1})
		}
		r.stop()
	})
}

func TestParentMustComeBefore(t *testing.T) {
	for _, of := range []string{"b", "c", "nobody"} {
		s := pipeline.Settings{Source: camera(), Build: (&rig{}).b.Build}
		for i, of := range []string{"", of, ""} {
			s.Processors = append(s.Processors, pipeline.Processor{Name: nameOf(i), Batcher: &single{}, Config: behind(of)})
		}
		if _, err := pipeline.New("door", pipeline.DefaultConfig(), s); err == nil || !strings.Contains(err.Error(), of) {
			t.Errorf("crops of %s: %v", of, err)
		}
	}
}
