package batchsink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a scripted processor.
type fake struct {
	traits  frame.Traits
	start   func(ctx context.Context) error
	process func(ctx context.Context, batch []frame.Entry) error
	stop    func() error

	stops   atomic.Int64
	mu      sync.Mutex
	calls   [][]frame.Entry // copies of the batches seen
	stopped time.Time
}

func (p *fake) Start(ctx context.Context) error {
	if p.start != nil {
		return p.start(ctx)
	}
	return nil
}

func (p *fake) Process(ctx context.Context, batch []frame.Entry) error {
	p.mu.Lock()
	p.calls = append(p.calls, append([]frame.Entry(nil), batch...))
	p.mu.Unlock()
	if p.process != nil {
		return p.process(ctx, batch)
	}
	for i := range batch {
		batch[i].Output.Data = batch[i].Frame.Seq
	}
	return nil
}

func (p *fake) Stop() error {
	p.mu.Lock()
	p.stops.Add(1)
	p.stopped = time.Now()
	p.mu.Unlock()
	if p.stop != nil {
		return p.stop()
	}
	return nil
}

func (p *fake) Traits() frame.Traits { return p.traits }

func (p *fake) factory() (Processor, error) { return p, nil }

// seen are copies of the batches so far.
func (p *fake) seen() [][]frame.Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *fake) callCount() int { return len(p.seen()) }

// takes makes Process last d and then hand the frame's number back.
func takes(d time.Duration) func(context.Context, []frame.Entry) error {
	return func(_ context.Context, batch []frame.Entry) error {
		time.Sleep(d)
		for i := range batch {
			batch[i].Output.Data = batch[i].Frame.Seq
		}
		return nil
	}
}

// rig is a coordinator under test with all that came out of it.
type rig struct {
	*Handle
	t     *testing.T
	proc  *fake
	ports map[frame.FeedID]*Port
	seq   uint64

	mu      sync.Mutex
	answers []answer
	events  []Event
	live    int // frames not released
}

type answer struct {
	feed   frame.FeedID
	seq    uint64
	result frame.Result
	parts  []frame.Result
	at     time.Time
}

// seed is the configuration of the behaviours that came first.
func seed(edit func(*Config)) Config {
	c := DefaultConfig()
	c.Policy = "window"
	c.IsolateFailures = false
	if edit != nil {
		edit(&c)
	}
	return c
}

func newRig(t *testing.T, cfg Config, p *fake) *rig {
	t.Helper()
	r := newRigWith(t, cfg, p.factory)
	r.proc = p
	return r
}

// newRigWith is a rig of any processors.
func newRigWith(t *testing.T, cfg Config, factory Factory) *rig {
	t.Helper()
	r := &rig{t: t, ports: map[frame.FeedID]*Port{}}
	h, err := New(context.Background(), t.Name(), cfg, factory, Options{OnEvent: func(e Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.Handle = h
	return r
}

// attach adds feeds a, b, c … with the options given.
func (r *rig) attach(n int, o FeedOptions) {
	for i := range n {
		r.attachOne(feedName(i), o)
	}
}

func feedName(i int) frame.FeedID {
	if i < 26 {
		return frame.FeedID(rune('a' + i))
	}
	return frame.FeedID(fmt.Sprintf("feed%d", i))
}

func (r *rig) attachOne(id frame.FeedID, o FeedOptions) {
	r.t.Helper()
	o.Settled = func(t *Ticket) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answers = append(r.answers, answer{id, t.Frame().Seq, t.Result(), append([]frame.Result(nil), t.Parts()...), time.Now()})
	}
	p, err := r.Attach(id, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.ports[id] = p
}

// frame makes the next frame of a feed and counts it until it is released.
func (r *rig) frame(id frame.FeedID) *frame.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	r.live++
	f := &frame.Frame{Feed: id, Seq: r.seq, Planes: [3]frame.Plane{{Data: []byte(id), Stride: 1}}}
	f.Init(func(*frame.Frame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.live--
	})
	return f
}

// submit submits a new frame of a feed.
func (r *rig) submit(id frame.FeedID) error {
	f := r.frame(id)
	defer f.Release()
	_, err := r.ports[id].Submit(f, frame.ViewState{})
	return err
}

// mustSubmit submits one frame of each feed.
func (r *rig) mustSubmit(ids ...frame.FeedID) {
	r.t.Helper()
	for _, id := range ids {
		if err := r.submit(id); err != nil {
			r.t.Fatalf("submit %s: %v", id, err)
		}
	}
}

func (r *rig) stopNow() error {
	return r.Stop(context.Background())
}

// end stops the coordinator and checks what must hold of any run.
func (r *rig) end() {
	r.t.Helper()
	if err := r.stopNow(); err != nil {
		r.t.Errorf("Stop: %v", err)
	}
	r.checkQuiet()
}

func (r *rig) checkQuiet() {
	r.t.Helper()
	synctest.Wait()
	s := r.Stats()
	for _, c := range append([]FeedStats{{Feed: "total", Counts: s.Total}}, s.Feeds...) {
		if c.Submitted != c.Outcomes.Sum() || c.Pending() != 0 {
			r.t.Errorf("%s: %d submitted, outcomes %v add up to %d, %d pending", c.Feed, c.Submitted, c.Outcomes, c.Outcomes.Sum(), c.Pending())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live != 0 {
		r.t.Errorf("%d frames were not released", r.live)
	}
	if want := s.Total.Accepted; uint64(len(r.answers)) != want {
		r.t.Errorf("%d answers for %d accepted submissions", len(r.answers), want)
	}
}

// held is how many frames are not released.
func (r *rig) held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live
}

// outcomes counts the answers so far by outcome.
func (r *rig) outcomes() (l frame.Ledger) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.answers {
		l[a.result.Outcome]++
	}
	return l
}

// got returns the answers so far.
func (r *rig) got() []answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]answer(nil), r.answers...)
}

// eventsOf returns the events of a kind so far and the sum of their counts.
func (r *rig) eventsOf(k Kind) (events []Event, sum int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == k {
			events = append(events, e)
			sum += e.Count
		}
	}
	return events, sum
}

// virtual runs a test on virtual time.
func virtual(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

var errBad = errors.New("bad frame")

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
