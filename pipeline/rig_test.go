package pipeline_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// coordinator is a Batcher that answers when the test says so.
type coordinator struct {
	feed  *pipeline.Feed
	index int
	of    *coordinator // whose detections are cropped for it; nil: it has whole frames

	mu     sync.Mutex
	refuse *frame.Outcome
	most   int // more waiting answers than this is in_flight; 0: any number
	queue  []submission
	seen   []uint64
	views  []frame.ViewState
	// delivered frames, in the order of their answers.
	delivered []uint64
}

type submission struct {
	*frame.Frame
	regions []frame.Box
}

func (c *coordinator) Submit(f *frame.Frame, v frame.ViewState, regions []frame.Box) (frame.Outcome, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		return *c.refuse, false
	}
	if c.most > 0 && len(c.queue) >= c.most {
		return frame.InFlight, false
	}
	c.queue = append(c.queue, submission{f.Retain(), slices.Clone(regions)})
	c.seen = append(c.seen, f.Seq)
	c.views = append(c.views, v)
	return 0, true
}

// settle answers the oldest entry, and reports whether there was one.
func (c *coordinator) settle(o frame.Outcome) bool {
	return c.settleWith(frame.Result{Outcome: o})
}

// settleWith answers with a result, for every crop if the entry has crops.
func (c *coordinator) settleWith(r frame.Result) bool {
	return c.answerWith(func(s submission) (frame.Result, []frame.Result) {
		if len(s.regions) == 0 {
			return r, nil
		}
		return frame.Result{Outcome: r.Outcome}, slices.Repeat([]frame.Result{r}, len(s.regions))
	})
}

func (c *coordinator) answerWith(answer func(submission) (r frame.Result, parts []frame.Result)) bool {
	c.mu.Lock()
	if len(c.queue) == 0 {
		c.mu.Unlock()
		return false
	}
	s := c.queue[0]
	c.queue = c.queue[1:]
	r, parts := answer(s)
	if r.Outcome == frame.Delivered {
		c.delivered = append(c.delivered, s.Seq)
	}
	c.mu.Unlock()
	c.feed.Settled(c.index, s.Frame, &r, parts)
	s.Release()
	return true
}

func (c *coordinator) settleAll(o frame.Outcome) {
	for c.settle(o) {
	}
}

func (c *coordinator) refuseWith(o frame.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = &o
}

func (c *coordinator) accept() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = nil
}

func (c *coordinator) submitted() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]uint64(nil), c.seen...)
}

// sink is a PacketSink with a switch.
type sink struct {
	mu      sync.Mutex
	want    bool
	packets []frame.Packet
}

func (s *sink) Wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.want
}

func (s *sink) watch(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want = on
}

func (s *sink) Write(p frame.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packets = append(s.packets, p)
}

func (s *sink) got() []frame.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]frame.Packet(nil), s.packets...)
}

// rig is a feed on scripted graphs and coordinators, inside a synctest bubble.
type rig struct {
	t      *testing.T
	b      graphtest.Builder
	feed   *pipeline.Feed
	coords []*coordinator
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	events []pipeline.Event
}

// setup is what a test changes of the usual feed.
type setup struct {
	config     pipeline.Config
	settings   pipeline.Settings
	processors int
	faults     func(n int) graphtest.Faults
}

func camera() pipeline.Source {
	s := pipeline.DefaultSource()
	s.RTSP.URL = "rtsp://camera.test/stream"
	return s
}

// nameOf is the name of processor i.
func nameOf(i int) string { return string(rune('a' + i)) }

// start builds and runs a feed; settings are changed by change.
func start(t *testing.T, change func(*setup)) *rig {
	t.Helper()
	r := &rig{t: t, ended: make(chan struct{})}
	s := setup{config: pipeline.DefaultConfig(), processors: 1}
	s.settings = pipeline.Settings{
		Source: camera(), Build: r.b.Build,
		Random: func() float64 { return .5 },
		OnEvent: func(e pipeline.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
		},
	}
	if change != nil {
		change(&s)
	}
	r.b.Faults = s.faults
	for i := range s.processors {
		c := &coordinator{index: i}
		p := pipeline.Processor{Name: nameOf(i), Batcher: c}
		if i < len(s.settings.Processors) {
			p.Config = s.settings.Processors[i].Config
			s.settings.Processors[i] = p
		} else {
			s.settings.Processors = append(s.settings.Processors, p)
		}
		for j := range i {
			if p.Config.Crops.Of == nameOf(j) {
				c.of = r.coords[j]
			}
		}
		r.coords = append(r.coords, c)
	}
	feed, err := pipeline.New("door", s.config, s.settings)
	if err != nil {
		t.Fatal(err)
	}
	r.feed = feed
	for _, c := range r.coords {
		c.feed = feed
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		if err := feed.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	t.Cleanup(r.finish) // a failed test too must end its goroutines
	synctest.Wait()
	return r
}

// graph is the newest graph.
func (r *rig) graph() *graphtest.Graph {
	r.t.Helper()
	g := r.b.Last()
	if g == nil {
		r.t.Fatal("no graph was built")
	}
	return g
}

// frames lets n frames come, 40 ms apart.
func (r *rig) frames(n int) {
	for range n {
		r.graph().Frame()
		r.pass(40 * time.Millisecond)
	}
}

func (r *rig) pass(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

func (r *rig) state(want pipeline.State, reason pipeline.Reason) {
	r.t.Helper()
	synctest.Wait()
	if st := r.feed.Status(); st.State != want || st.Reason != reason {
		r.t.Fatalf("state %v (%s: %s), want %v (%s)", st.State, st.Reason, st.Text, want, reason)
	}
}

// stop ends everything in the order of the program and checks the books.
func (r *rig) stop() {
	r.t.Helper()
	if err := r.feed.StopInput(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	for _, c := range r.coords {
		c.settleAll(frame.Stopped)
	}
	if err := r.feed.Close(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.balanced()
}

// finish waits for Run to return.
func (r *rig) finish() {
	r.t.Helper()
	r.cancel()
	<-r.ended
}

// imbalance is the check of the books at rest; empty when they agree.
func (r *rig) imbalance() []string {
	var wrong []string
	note := func(what string, got, want uint64) {
		if got != want {
			wrong = append(wrong, what)
		}
	}
	note("the feed's count of decoded frames", r.feed.Decoded(), r.b.Decoded())
	for i := range r.coords {
		note("the ledger of "+nameOf(i), r.feed.Ledger(i).Sum(), r.feed.Decoded())
	}
	note("pending", uint64(r.feed.Pending()), 0)
	note("frames out", uint64(r.b.Pool.Out()), 0)
	note("strays", r.feed.Stats().Stray, 0)
	return wrong
}

func (r *rig) balanced() {
	r.t.Helper()
	for _, w := range r.imbalance() {
		r.t.Errorf("the books do not balance: %s (decoded %d, ledger %v, pending %d, out %d, stats %+v)",
			w, r.b.Decoded(), r.ledgers(), r.feed.Pending(), r.b.Pool.Out(), r.feed.Stats())
	}
}

func (r *rig) ledgers() []frame.Ledger {
	var l []frame.Ledger
	for i := range r.coords {
		l = append(l, r.feed.Ledger(i))
	}
	return l
}

// ledger checks processor 0's outcomes; those not named must be 0.
func (r *rig) ledger(want map[frame.Outcome]uint64) {
	r.t.Helper()
	got := r.feed.Ledger(0)
	for _, o := range frame.Outcomes() {
		if got[o] != want[o] {
			r.t.Errorf("%v: %d, want %d (ledger %v)", o, got[o], want[o], got)
		}
	}
}

func (r *rig) told(typ pipeline.EventType) []pipeline.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []pipeline.Event
	for _, e := range r.events {
		if e.Type == typ {
			list = append(list, e)
		}
	}
	return list
}

// story is the states in the order they were reported.
func (r *rig) story() []pipeline.State {
	var list []pipeline.State
	for _, e := range r.told(pipeline.StateChanged) {
		list = append(list, e.To)
	}
	return list
}
