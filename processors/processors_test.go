package processors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

func TestContract(t *testing.T) {
	whole := processors.Each(func(_ context.Context, e *frame.Entry) error {
		e.Output.Detections = []frame.Detection{{Class: -1, Confidence: 1, Box: frame.Box{XMax: 1, YMax: 1}}}
		return nil
	})
	for name, p := range map[string]processors.Processor{
		"Nop": processors.Nop{}, "Func": whole, "empty chain": chain(t), "chain": chain(t, whole, processors.Nop{}, chain(t, whole)),
	} {
		t.Run(name, func(t *testing.T) {
			processortest.Run(t, func() (processortest.Processor, error) { return p, nil })
		})
	}
}

func chain(t *testing.T, parts ...processors.Processor) processors.Processor {
	t.Helper()
	p, err := processors.Chain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// part writes down what is called, in order.
type part struct {
	name   string
	log    *[]string
	traits frame.Traits
	fail   map[string]error
	panics string
	look   func(batch []frame.Entry)
}

func (p *part) call(what string) error {
	*p.log = append(*p.log, what+" "+p.name)
	if p.panics == what {
		panic(p.name)
	}
	return p.fail[what]
}

func (p *part) Start(context.Context) error { return p.call("start") }
func (p *part) Stop() error                 { return p.call("stop") }
func (p *part) Traits() frame.Traits        { return p.traits }
func (p *part) Process(_ context.Context, batch []frame.Entry) error {
	if p.look != nil {
		p.look(batch)
	}
	return p.call("process")
}

func TestChainOrder(t *testing.T) {
	errOuch := errors.New("ouch")
	for name, c := range map[string]struct {
		breakPart func(b *part)
		want      string
		wantErr   bool
	}{
		"all well":      {func(*part) {}, "start a, start b, start c, process a, process b, process c, stop c, stop b, stop a", false},
		"start fails":   {func(b *part) { b.fail["start"] = errOuch }, "start a, start b, stop a", true},
		"start panics":  {func(b *part) { b.panics = "start" }, "start a, start b, stop a", true},
		"process fails": {func(b *part) { b.fail["process"] = errOuch }, "start a, start b, start c, process a, process b, stop c, stop b, stop a", true},
		"stop fails":    {func(b *part) { b.fail["stop"] = errOuch }, "start a, start b, start c, process a, process b, process c, stop c, stop b, stop a", true},
		"stop panics":   {func(b *part) { b.panics = "stop" }, "start a, start b, start c, process a, process b, process c, stop c, stop b, stop a", true},
	} {
		t.Run(name, func(t *testing.T) {
			var log []string
			b := &part{name: "b", log: &log, fail: map[string]error{}}
			c.breakPart(b)
			err := live(chain(t, &part{name: "a", log: &log}, b, &part{name: "c", log: &log}))
			if got := strings.Join(log, ", "); got != c.want {
				t.Errorf("calls: %s\nwant:  %s", got, c.want)
			}
			if (err != nil) != c.wantErr {
				t.Errorf("error %v", err)
			}
			if err != nil && b.panics == "" && (!errors.Is(err, errOuch) || !strings.Contains(err.Error(), "part 2")) {
				t.Errorf("error %q does not say that part 2 had an ouch", err)
			}
		})
	}
}

// live is a processor's whole life with one batch.
func live(p processors.Processor) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	if err := p.Start(context.Background()); err != nil {
		return err
	}
	return errors.Join(p.Process(context.Background(), make([]frame.Entry, 2)), p.Stop())
}

func TestChainHandsOnOutputs(t *testing.T) {
	found := processors.Each(func(_ context.Context, e *frame.Entry) error {
		e.Output.Detections = []frame.Detection{{Label: "cat"}, {Label: "dog"}}
		return nil
	})
	noCats := processors.Each(func(_ context.Context, e *frame.Entry) error {
		e.Output.Detections = slices.DeleteFunc(e.Output.Detections, func(d frame.Detection) bool { return d.Label == "cat" })
		return nil
	})
	batch := make([]frame.Entry, 1)
	if err := chain(t, found, noCats).Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	if d := batch[0].Output.Detections; len(d) != 1 || d[0].Label != "dog" {
		t.Errorf("found %v, want the dog", d)
	}
}

func TestFailedEntryStaysFailed(t *testing.T) {
	errFirst := errors.New("first")
	failSecondEntry := processors.Func(func(_ context.Context, batch []frame.Entry) error {
		batch[1].Err = errFirst
		return nil
	})
	revive := processors.Func(func(_ context.Context, batch []frame.Entry) error {
		for i := range batch {
			batch[i].Err = nil
		}
		return nil
	})
	p := chain(t, failSecondEntry, revive)
	batch := make([]frame.Entry, 3)
	if err := p.Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	if batch[0].Err != nil || batch[1].Err != errFirst || batch[2].Err != nil {
		t.Errorf("errors %v, %v, %v; want the second entry's only", batch[0].Err, batch[1].Err, batch[2].Err)
	}
}

func TestChainTraits(t *testing.T) {
	sized := func(stateful bool, sizes ...int) processors.Processor {
		return &part{traits: frame.Traits{Stateful: stateful, BatchSizes: sizes}}
	}
	p := chain(t, sized(false), sized(true, 1, 2, 4, 8), processors.Nop{}, sized(false, 2, 3, 8))
	if tr := p.Traits(); !tr.Stateful || !slices.Equal(tr.BatchSizes, []int{2, 8}) {
		t.Errorf("traits %+v, want stateful with sizes 2 and 8", tr)
	}
	if _, err := processors.Chain(sized(false, 1), sized(false, 4)); err == nil || !strings.Contains(err.Error(), "part 2") {
		t.Errorf("a chain without a common size: error %v", err)
	}
}

func TestChainAllocatesNothing(t *testing.T) {
	p := chain(t, processors.Nop{}, processors.Nop{})
	batch := make([]frame.Entry, 8)
	if n := testing.AllocsPerRun(100, func() { _ = p.Process(context.Background(), batch) }); n > 0 {
		t.Errorf("%v allocations per batch", n)
	}
}
