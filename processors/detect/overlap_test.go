package detect

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/nvpipe/nvpipe/frame"
)

func TestAPreparedBatchRunsWhereItLies(t *testing.T) {
	for _, batch := range []int64{0, 4} {
		r := newRig(t, batch, 4, true)
		b := r.prepared(10, 20, 30, 40)
		b[0], b[3] = b[3], b[0] // in any order
		r.process(b)()
		r.says(b, 40, 20, 30, 10)
		if want := b[1].Prepared.(*slot).tray; len(r.ran) != 1 || r.ran[0] != want {
			t.Errorf("batch dimension %d: was not run in the tray it was prepared in", batch)
		}
		if r.intake.cupboard.own[0] != nil {
			t.Error("a tray was made that nobody needs")
		}
		r.idle()
	}
}

func TestTheRestOfATrayIsCopied(t *testing.T) {
	for _, batch := range []int64{0, 4} {
		r := newRig(t, batch, 4, true)
		all := r.prepared(10, 20, 30, 40)
		first, rest := all[:2], all[2:]
		finish := r.process(first)
		again := r.process(rest)
		finish()
		again()
		r.says(first, 10, 20)
		r.says(rest, 30, 40)
		r.idle()
		// An open batch leaves its tray to the first two; a fixed one runs the
		// whole tray, and so only when nobody waits in it any more.
		if got, want := r.intake.Counts(), (Counts{InPlace: 2, Copied: 2}); got != want {
			t.Errorf("batch dimension %d: %+v, want %+v", batch, got, want)
		}
	}
}

// What was not prepared goes into the gaps of what was.
func TestGapsAreFilled(t *testing.T) {
	r := newRig(t, 0, 4, true)
	b := r.prepared(10, 20, 30)
	b[1].Prepared.Release()
	b[1].Prepared = nil
	late := r.entry(40)
	b = append(b, late)
	r.process(b)()
	r.says(b, 10, 20, 30, 40)
	if len(r.ran) != 1 || r.ran[0] != b[0].Prepared.(*slot).tray {
		t.Error("was not run in the tray of the prepared ones")
	}
	r.idle()
}

func TestScatteredPicturesAreGathered(t *testing.T) {
	r := newRig(t, 0, 3, true)
	all := r.prepared(1, 2, 3, 4, 5, 6)
	b := []frame.Entry{all[1], all[4], all[5]}
	r.process(b)()
	r.says(b, 2, 5, 6)
	b = []frame.Entry{all[0], all[2], all[3]}
	r.process(b)()
	r.says(b, 1, 3, 4)
	r.idle()
}

func TestAnotherInstanceRunsWhatOnePrepared(t *testing.T) {
	one, other := newRig(t, 0, 4, true), newRig(t, 0, 4, true)
	b := one.prepared(10, 20, 30)
	other.process(b)()
	other.says(b, 10, 20, 30)
	if len(other.ran) != 1 || other.ran[0].home != one.intake.cupboard {
		t.Error("the pictures were copied")
	}
	one.idle()
}

func TestRoomIsBounded(t *testing.T) {
	r := newRig(t, 0, 3, true)
	b := r.prepared(1, 2, 3)
	if got, want := r.intake.Bytes(), 3*3*32*32*4; got != want {
		t.Errorf("%d bytes of inputs for what fits into one tray, want %d", got, want)
	}
	b = append(b, r.prepared(4, 5, 6)...)
	more := r.entry(7)
	if r.intake.Prepare(&more) != nil {
		t.Fatal("a seventh picture was prepared for batches of three")
	}
	if got, want := r.intake.Bytes(), 2*3*3*32*32*4; got != want {
		t.Errorf("%d bytes of inputs, want %d", got, want)
	}
	for i := range b {
		b[i].Prepared.Release()
	}
	r.idle()
	if p := r.intake.Prepare(&more); p == nil {
		t.Error("no room after everything was released")
	} else {
		p.Release()
	}
}

func TestUnreadablePicturesDoNotBlockPreparing(t *testing.T) {
	r := newRig(t, 0, 2, true)
	bad := frame.Entry{Frame: &frame.Frame{}}
	p := r.intake.Prepare(&bad)
	if p == nil {
		t.Fatal("says that there is no room")
	}
	bad.Prepared = p
	if err := r.Process(context.Background(), []frame.Entry{bad, r.entry(9)}); err != nil {
		t.Fatal(err)
	}
	p.Release()
}

func TestPaddingIsNotRun(t *testing.T) {
	r := newRig(t, 4, 4, false)
	b := []frame.Entry{r.entry(50), r.entry(60), r.entry(60), r.entry(60)}
	b[2].Padding, b[3].Padding = true, true
	r.process(b)
	r.says(b[:2], 50, 60)
	if b[2].Output.Detections != nil {
		t.Error("padding has an output")
	}
}

func TestAFailedRunCanBeRepeated(t *testing.T) {
	r := newRig(t, 0, 4, true)
	b := r.prepared(10, 20)
	r.fail = errors.New("no")
	if err := r.Process(context.Background(), b); !errors.Is(err, r.fail) {
		t.Fatal(err)
	}
	if b[0].Finish != nil {
		t.Error("a failed entry is to be finished")
	}
	r.fail = nil
	r.process(b[1:])()
	r.says(b[1:], 20)
	r.process(b[:1])()
	r.says(b[:1], 10)
	r.idle()
}

// A batch larger than a tray must not wait for what only comes after it.
func TestLargeBatchesRunInParts(t *testing.T) {
	r := newRig(t, 2, 2, true)
	var b []frame.Entry
	var levels []byte
	for i := range byte(9) {
		b, levels = append(b, r.entry(10+10*i)), append(levels, 10+10*i)
	}
	if err := r.Process(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	r.says(b, levels...)
	r.idle()
}

// Without a free tray Process waits for one that is being read.
func TestProcessWaitsForATray(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0, 1, true)
		var finish []func()
		var batches [][]frame.Entry
		for i := range byte(traysOfAKind) {
			b := []frame.Entry{r.entry(10 + i)}
			finish, batches = append(finish, r.process(b)), append(batches, b)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Process(ended, []frame.Entry{r.entry(7)}); !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v", err)
		}
		done := make(chan error)
		last := []frame.Entry{r.entry(9)}
		go func() { done <- r.Process(t.Context(), last) }()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("a batch was run in a tray that is being read")
		default:
		}
		finish[1]()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		finish[0]()
		last[0].Finish.Release()
		r.says(batches[0], 10)
		r.says(batches[1], 11)
		r.idle()
	})
}

// Preparing, running and reading at once, from many goroutines.
func TestEverythingAtOnce(t *testing.T) {
	r := newRig(t, 0, 4, true)
	entries := make(chan frame.Entry)
	var feeds, readers sync.WaitGroup
	for feed := range 4 {
		feeds.Go(func() {
			for i := range 200 {
				e := r.entry(byte(1 + 50*feed + i%50))
				e.Frame.Seq = uint64(1 + 50*feed + i%50)
				e.Prepared = r.intake.Prepare(&e)
				entries <- e
			}
		})
	}
	go func() { feeds.Wait(); close(entries) }()
	for open := true; open; {
		var batch []frame.Entry
		for len(batch) < 4 && open {
			var e frame.Entry
			if e, open = <-entries; open {
				batch = append(batch, e)
			}
		}
		if err := r.Process(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			e := &batch[i]
			if e.Prepared != nil {
				e.Prepared.Release()
			}
			readers.Go(func() {
				e.Finish.Finish(e)
				if got, want := e.Output.Detections[0].Confidence*255, float32(e.Frame.Seq); math.Abs(float64(got-want)) > .01 {
					t.Errorf("answer for level %v, want %v", got, want)
				}
			})
		}
	}
	readers.Wait()
	r.idle()
}

func TestOverlapAllocatesOnlyDetections(t *testing.T) {
	r := newRig(t, 0, 4, true)
	batch := []frame.Entry{r.entry(9), r.entry(99), r.entry(199), r.entry(250)}
	got := testing.AllocsPerRun(50, func() {
		for i := range batch {
			batch[i].Prepared = r.intake.Prepare(&batch[i])
		}
		if err := r.Process(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			batch[i].Prepared.Release()
			batch[i].Finish.Finish(&batch[i])
		}
		r.ran = r.ran[:0]
	})
	// The meter makes three for what it returns.
	if want := 4. + 3; got > want && !raceDetector {
		t.Errorf("%v allocations for 4 pictures with a detection each, want %v", got, want)
	}
}
