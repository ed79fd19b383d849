package pipeline_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

var (
	schedules = flag.Int("schedules", 2000, "random schedules of the ledger test")
	firstSeed = flag.Uint64("seed", 0, "seed of the first schedule; 0: a new one")
)

// TestLedgerIsExact runs a feed through random schedules: frames at any
// distance, lost ones, coordinators that answer, refuse, time out and fail when
// they like, viewers who come and go, connections that break, and every way to
// stop at any moment. At rest each processor's outcomes add up to what the
// graphs decoded, and nothing is held.
func TestLedgerIsExact(t *testing.T) {
	n := *schedules
	if testing.Short() {
		n /= 10
	}
	seed := *firstSeed
	if seed == 0 {
		seed = rand.Uint64()>>1 + 1
	}
	crops := 0
	for i := range uint64(n) {
		synctest.Test(t, func(t *testing.T) { crops += schedule(t, seed+i) })
		if t.Failed() {
			t.Fatalf("schedule %d: run again with -run TestLedgerIsExact -schedules 1 -seed %d", i, seed+i)
		}
	}
	if n >= 100 && crops == 0 {
		t.Error("no schedule has had answers for crops")
	}
	t.Logf("%d schedules from seed %d, %d detections in crops", n, seed, crops)
}

// The control: a frame that vanishes between decoder and feed must be found.
func TestLedgerFindsAStolenFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(3)
		r.graph().Steal()
		r.frames(3)
		if err := r.feed.StopInput(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.coords[0].settleAll(frame.Stopped)
		if err := r.feed.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(r.imbalance()) == 0 {
			t.Error("a frame was stolen and the books balance")
		}
	})
}

func TestLostFramesAreStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.frames(1)
		r.graph().Lose()
		r.graph().Lose()
		r.coords[0].settle(frame.Delivered)
		r.graph().EOS()
		synctest.Wait()
		r.ledger(map[frame.Outcome]uint64{frame.Delivered: 1, frame.Stopped: 2})
		if st := r.feed.Stats(); st.Lost != 2 {
			t.Errorf("lost %d, want 2", st.Lost)
		}
		r.stop()
	})
}

// chance is a schedule's source of luck, safe for all its goroutines.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newChance(seed uint64) *chance { return &chance{r: rand.New(rand.NewPCG(seed, 1))} }

func (c *chance) n(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

func (c *chance) in(percent int) bool { return c.n(100) < percent }

func (c *chance) upTo(d time.Duration) time.Duration { return time.Duration(c.n(int(d))) }

// schedule returns how many detections in crops it has seen.
func schedule(t *testing.T, seed uint64) (crops int) {
	luck := newChance(seed)
	s, x := &sink{}, &orderTap{t: t}
	r := start(t, func(u *setup) {
		u.config.Hold = luck.upTo(300 * time.Millisecond)
		u.config.MaxHeld = 1 + luck.n(4)
		u.settings.Sinks = []pipeline.PacketSink{s}
		u.settings.Taps = []pipeline.Tap{x}
		u.settings.View = &panning{}
		configs := make([]pipeline.ProcessorConfig, 1+luck.n(4))
		for i := range configs {
			configs[i] = pipeline.ProcessorConfig{MaxInFlight: 1 + luck.n(4), FPS: float64(luck.n(3) * 10)}
			if i > 0 && luck.in(60) {
				configs[i].Crops = pipeline.CropConfig{Of: nameOf(luck.n(i)), Most: 1 + luck.n(4)}
			}
		}
		withSlots(configs...)(u)
		u.faults = func(int) graphtest.Faults {
			f := graphtest.Faults{FreezeClose: luck.in(5), FreezeInput: luck.in(5)}
			if luck.in(10) {
				f.Push = pipeline.ErrFull
			}
			if luck.in(10) {
				f.Start = pipeline.ErrFull
			}
			return f
		}
	})
	for _, c := range r.coords {
		c.most = 1 + luck.n(5)
	}
	over, end := context.WithCancel(context.Background())
	var others sync.WaitGroup
	others.Go(func() { stream(over, r, luck, s) })
	for _, c := range r.coords {
		others.Go(func() { c.answer(over, luck) })
	}
	time.Sleep(luck.upTo(20 * time.Second))
	r.stopAnyway(luck)
	end()
	others.Wait()
	for _, c := range r.coords {
		c.settleAll(frame.Stopped) // what the feed did not wait for
	}
	r.finish()
	synctest.Wait()
	r.balanced()
	r.inOrder(s)
	r.followed()
	return x.crops
}

// stream plays the camera, and its viewers.
func stream(ctx context.Context, r *rig, luck *chance, s *sink) {
	for ctx.Err() == nil {
		g := r.b.Last()
		switch k := luck.n(100); {
		case g == nil:
		case k < 80:
			g.Frame()
		case k < 85:
			g.Lose()
		case k < 87:
			g.Jump(luck.upTo(time.Hour) - 30*time.Minute)
		case k < 88:
			g.EOS()
		case k < 89:
			g.Fail(pipeline.ReasonLost, "")
		case k < 94:
			s.watch(luck.in(70))
		case k < 95:
			r.feed.RequestKeyframe()
			r.feed.Retry()
		default:
			pause(ctx, luck.upTo(300*time.Millisecond))
		}
		if luck.in(70) {
			pause(ctx, luck.upTo(80*time.Millisecond))
		}
	}
}

// answer plays a coordinator.
func (c *coordinator) answer(ctx context.Context, luck *chance) {
	answers := []frame.Outcome{frame.Delivered, frame.Delivered, frame.Delivered, frame.Failed, frame.Timeout, frame.Stopped}
	refusals := []frame.Outcome{frame.QueueFull, frame.InFlight, frame.Unavailable}
	for ctx.Err() == nil {
		pause(ctx, luck.upTo(120*time.Millisecond))
		switch k := luck.n(100); {
		case k < 5:
			c.refuseWith(refusals[luck.n(len(refusals))])
		case k < 15:
			c.accept()
		default:
			c.answerWith(func(s submission) (frame.Result, []frame.Result) {
				return chancy(luck, answers, s)
			})
		}
	}
}

// chancy is any answer: detections, and parts for crops, some of them failed.
func chancy(luck *chance, answers []frame.Outcome, s submission) (frame.Result, []frame.Result) {
	one := func() frame.Result {
		r := frame.Result{Outcome: answers[luck.n(len(answers))]}
		for range luck.n(4) {
			x := float32(luck.n(9)) / 10
			r.Output.Detections = append(r.Output.Detections, frame.Detection{
				Confidence: float32(luck.n(100)) / 100, Box: frame.Box{XMin: x, XMax: x + .1, YMax: 1},
			})
		}
		return r
	}
	r := one()
	if len(s.regions) == 0 {
		return r, nil
	}
	parts := make([]frame.Result, len(s.regions))
	for i := range parts {
		parts[i] = one()
		for j := range parts[i].Output.Detections {
			parts[i].Output.Detections[j].Box = s.regions[i]
		}
	}
	return frame.Result{Outcome: r.Outcome, Partial: luck.in(20)}, parts
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// stopAnyway stops the feed in one of the ways there are.
func (r *rig) stopAnyway(luck *chance) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	switch luck.n(4) {
	case 0:
		r.cancel()
	case 1:
		r.mustStop(r.feed.Close(ctx))
	case 2:
		r.mustStop(r.feed.StopInput(ctx))
		time.Sleep(luck.upTo(time.Second))
		r.mustStop(r.feed.Close(ctx))
	case 3:
		r.mustStop(r.feed.StopInput(ctx))
		r.cancel()
	}
	<-r.ended
}

func (r *rig) mustStop(err error) {
	if err != nil {
		r.t.Error(err)
	}
}

// orderTap checks that results come in order for each processor, and those of
// crops after what was cropped.
type orderTap struct {
	t     *testing.T
	last  map[string]uint64
	found map[string]map[uint64][]frame.Detection // by processor and frame
	crops int
	busy  sync.Mutex
}

func (o *orderTap) Deliver(f *frame.Frame, findings []frame.Finding) {
	if !o.busy.TryLock() {
		o.t.Error("two deliveries at one time")
		return
	}
	defer o.busy.Unlock()
	runtime.Gosched() // room for another to come in
	if o.last == nil {
		o.last, o.found = map[string]uint64{}, map[string]map[uint64][]frame.Detection{}
	}
	for _, x := range findings {
		if f.Seq <= o.last[x.Processor] {
			o.t.Errorf("%s: result of frame %d after that of %d", x.Processor, f.Seq, o.last[x.Processor])
		}
		o.last[x.Processor] = f.Seq
		if x.Result.Outcome != frame.Delivered {
			o.t.Errorf("%v was delivered", x.Result.Outcome)
		}
		o.match(f.Seq, x)
	}
}

// match checks that each detection is of the crop that its parent's box is.
func (o *orderTap) match(seq uint64, x frame.Finding) {
	found := x.Result.Output.Detections
	if o.found[x.Processor] == nil {
		o.found[x.Processor] = map[uint64][]frame.Detection{}
	}
	o.found[x.Processor][seq] = slices.Clone(found)
	if x.Of == "" {
		return
	}
	parents := o.found[x.Of][seq]
	for _, d := range found {
		o.crops++
		if d.Parent < 0 || d.Parent >= len(parents) || parents[d.Parent].Box != d.Box {
			o.t.Errorf("%s of %s, frame %d: %+v is in none of %+v", x.Processor, x.Of, seq, d, parents)
		}
	}
}

// followed checks that a processor that follows another one has had crops of
// frames that this one delivered, and of no other frame, and that each frame had
// one view.
func (r *rig) followed() {
	r.t.Helper()
	views := map[uint64]frame.ViewState{}
	for _, c := range r.coords {
		for i, seq := range c.seen {
			if v, known := views[seq]; known && v != c.views[i] {
				r.t.Errorf("frame %d has the views %+v and %+v", seq, v, c.views[i])
			}
			views[seq] = c.views[i]
		}
		if c.of == nil {
			continue
		}
		for _, seq := range c.seen {
			if !slices.Contains(c.of.delivered, seq) {
				r.t.Errorf("crops of frame %d, which the processor before did not deliver", seq)
			}
		}
	}
}

// inOrder checks what came out: frames in order, times strictly increasing, no
// finding of a later frame.
func (r *rig) inOrder(s *sink) {
	r.t.Helper()
	for _, c := range r.coords {
		for i := 1; i < len(c.seen); i++ {
			if c.seen[i] <= c.seen[i-1] {
				r.t.Errorf("frame %d was submitted after %d", c.seen[i], c.seen[i-1])
			}
		}
	}
	last := graphtest.Push{PTS: -1}
	for _, g := range r.b.Graphs() {
		for _, p := range g.Pushes() {
			if p.Seq <= last.Seq || p.PTS <= last.PTS {
				r.t.Errorf("frame %d at %v was pushed after %d at %v", p.Seq, p.PTS, last.Seq, last.PTS)
			}
			last = p
			for _, f := range p.Findings {
				if f.Age < 0 || f.Result == nil {
					r.t.Errorf("frame %d has a finding of age %v", p.Seq, f.Age)
				}
			}
		}
	}
	if n := r.feed.Stats().PacketsRefused; n != 0 {
		r.t.Errorf("%d packets out of order", n)
	}
}
