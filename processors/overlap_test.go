package processors_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors"
)

// later leaves its output to Finish and works ahead.
type later struct {
	processors.Nop
	label    string
	released *int
}

func (l later) Process(_ context.Context, batch []frame.Entry) error {
	for i := range batch {
		batch[i].Finish = l
	}
	return nil
}

func (l later) Finish(e *frame.Entry) {
	e.Output.Detections = append(e.Output.Detections, frame.Detection{Label: l.label})
}

func (l later) Release() { *l.released++ }

func (l later) Prepare(*frame.Entry) frame.Prepared { return l }

func TestChainFinishesBetweenItsParts(t *testing.T) {
	released := 0
	seen := ""
	look := processors.Each(func(_ context.Context, e *frame.Entry) error {
		seen = e.Output.Detections[0].Label
		return nil
	})
	p := chain(t, later{label: "first", released: &released}, look, later{label: "last", released: &released})
	batch := make([]frame.Entry, 1)
	if err := p.Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	if seen != "first" || len(batch[0].Output.Detections) != 1 || batch[0].Finish == nil {
		t.Errorf("the second part saw %q; then there is %+v", seen, batch[0])
	}
}

func TestChainLetsNothingFinishAFailedEntry(t *testing.T) {
	released := 0
	fail := processors.Each(func(context.Context, *frame.Entry) error { return errors.New("ouch") })
	batch := make([]frame.Entry, 2)
	if err := chain(t, fail, later{released: &released}).Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	if released != 2 || batch[0].Finish != nil || batch[1].Err == nil {
		t.Errorf("%d released; %+v", released, batch)
	}
}

func TestChainWorksAheadIfOnePartDoes(t *testing.T) {
	n := 0
	one := later{released: &n}
	for want, p := range map[bool]processors.Processor{
		true:  chain(t, processors.Nop{}, one),
		false: chain(t, one, one),
	} {
		if _, ok := p.(processors.Preparer); ok != want {
			t.Errorf("%T: works ahead is %v, want %v", p, ok, want)
		}
	}
	if _, ok := chain(t, processors.Nop{}).(processors.Preparer); ok {
		t.Error("a chain of nothing that works ahead does")
	}
}
