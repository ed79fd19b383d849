package pipeline_test

import (
	"context"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
)

// single is a Batcher for one frame at a time that costs nothing of its own.
type single struct{ f *frame.Frame }

func (s *single) Submit(f *frame.Frame, _ frame.ViewState, _ []frame.Box) (frame.Outcome, bool) {
	s.f = f.Retain()
	return 0, true
}

// carousel is a running feed for measuring: each turn is a frame in and an
// answer back.
func carousel(tb testing.TB, processors ...pipeline.ProcessorConfig) (turn func()) {
	tb.Helper()
	var b graphtest.Builder
	s := pipeline.Settings{
		Source: camera(), Build: b.Build,
		Sinks: []pipeline.PacketSink{&sink{}}, // that nobody watches
		Taps:  []pipeline.Tap{nothing{}},
	}
	var batchers []*single
	for i, c := range processors {
		x := &single{}
		batchers = append(batchers, x)
		s.Processors = append(s.Processors, pipeline.Processor{Name: nameOf(i), Batcher: x, Config: c})
	}
	live := make(chan struct{})
	s.OnEvent = func(e pipeline.Event) {
		if e.To == pipeline.Live {
			close(live)
		}
	}
	connected := make(chan struct{})
	build := s.Build
	s.Build = func(src pipeline.Source, gs pipeline.GraphSettings, h pipeline.GraphHandler) (pipeline.Graph, error) {
		g, err := build(src, gs, h)
		return startedGraph{g, connected}, err
	}
	f, err := pipeline.New("door", pipeline.DefaultConfig(), s)
	if err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { defer close(ended); _ = f.Run(ctx) }()
	tb.Cleanup(func() { cancel(); <-ended })
	<-connected
	g := b.Last()
	box := frame.Box{XMax: .5, YMax: .5}
	results := []frame.Detection{{Label: "cat", Box: box}, {Label: "dog", Box: box}, {Label: "cow", Box: box}}
	r := &frame.Result{Outcome: frame.Delivered, Output: frame.Output{Detections: results}}
	parts := []frame.Result{*r, *r}
	turn = func() {
		g.Frame()
		for i, x := range batchers {
			held := x.f
			f.Settled(i, held, r, parts)
			held.Release()
		}
	}
	turn()
	<-live
	turn()
	return turn
}

type nothing struct{}

func (nothing) Deliver(*frame.Frame, []frame.Finding) {}

// startedGraph says when Start has returned.
type startedGraph struct {
	pipeline.Graph
	started chan struct{}
}

func (g startedGraph) Start() error {
	defer close(g.started)
	return g.Graph.Start()
}

func TestIntakeAndSettleAllocateNothing(t *testing.T) {
	whole := pipeline.ProcessorConfig{}
	for name, processors := range map[string][]pipeline.ProcessorConfig{
		"one processor": {whole}, "three": {whole, whole, whole}, "a cascade": {whole, behind("a"), behind("b")},
	} {
		turn := carousel(t, processors...)
		if a := testing.AllocsPerRun(1000, turn); a != 0 {
			t.Errorf("%s: %v allocations a frame", name, a)
		}
	}
}

func BenchmarkIntakeAndSettle(b *testing.B) {
	measure(b, carousel(b, pipeline.ProcessorConfig{}))
}

func BenchmarkCascade(b *testing.B) {
	measure(b, carousel(b, pipeline.ProcessorConfig{}, behind("a")))
}

func measure(b *testing.B, turn func()) {
	b.ReportAllocs()
	for b.Loop() {
		turn()
	}
}
