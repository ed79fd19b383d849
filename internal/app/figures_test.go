package app

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/processors"
)

// figured is a processor with figures.
type figured struct {
	processors.Nop
	list []processors.Figure
}

func (f figured) Figures() []processors.Figure { return f.list }

func TestFiguresOfInstancesAddUp(t *testing.T) {
	instance := func(calls, up float64) batchsink.Processor {
		return figured{list: []processors.Figure{
			{Name: "x_calls_total", Help: "Calls.", Label: "endpoint", Of: "a", Value: calls},
			{Name: "x_calls_total", Help: "Calls.", Label: "endpoint", Of: "b", Value: 1},
			{Name: "x_up", Help: "Up.", Value: up},
		}}
	}
	all := figuresOf([]batchsink.Processor{instance(3, 1), processors.Nop{}, instance(4, 0)})
	registry := prometheus.NewRegistry()
	registry.MustRegister(collected(func(ch chan<- prometheus.Metric) { sender{ch}.figures("people", all) }))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				labels += " " + l.GetName() + "=" + l.GetValue()
			}
			got = append(got, fmt.Sprintf("%s %v %v%s", f.GetName(), m.GetCounter().GetValue(), m.GetGauge().GetValue(), labels))
		}
	}
	want := []string{
		"nvpipe_x_calls_total 7 0 endpoint=a processor=people", "nvpipe_x_calls_total 2 0 endpoint=b processor=people", "nvpipe_x_up 0 1 processor=people",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// A processor without figures has none.
func TestNoFigures(t *testing.T) {
	if all := figuresOf([]batchsink.Processor{processors.Func(nil)}); all != nil {
		t.Errorf("%v", all)
	}
}

var _ processors.Figured = figured{}

// collected is a collector of a function.
type collected func(chan<- prometheus.Metric)

func (collected) Describe(chan<- *prometheus.Desc)      {}
func (c collected) Collect(ch chan<- prometheus.Metric) { c(ch) }
