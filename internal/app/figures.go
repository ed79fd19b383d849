package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/processors"
)

// figuresOf adds up what the processors say of themselves, in the order in which
// they say it.
func figuresOf(serving []batchsink.Processor) []processors.Figure {
	type key struct{ name, of string }
	var sum []processors.Figure
	place := map[key]int{}
	for _, p := range serving {
		f, ok := p.(processors.Figured)
		if !ok {
			continue
		}
		for _, one := range f.Figures() {
			k := key{one.Name, one.Of}
			if at, ok := place[k]; ok {
				sum[at].Value += one.Value
				continue
			}
			place[k] = len(sum)
			sum = append(sum, one)
		}
	}
	return sum
}

// figures sends a processor's own.
func (m sender) figures(processor string, all []processors.Figure) {
	for _, f := range all {
		labels, values := []string{"processor"}, []string{processor}
		if f.Label != "" {
			labels, values = append(labels, f.Label), append(values, f.Of)
		}
		kind := prometheus.GaugeValue
		if f.Total() {
			kind = prometheus.CounterValue
		}
		m.ch <- prometheus.MustNewConstMetric(desc(f.Name, f.Help, labels...), kind, f.Value, values...)
	}
}
