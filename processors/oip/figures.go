package oip

import (
	"github.com/nvpipe/nvpipe/processors"
)

// Figures are the calls made to each endpoint and what became of them.
func (p *Processor) Figures() []processors.Figure {
	c := p.client.Load()
	if c == nil {
		return nil
	}
	f := c.Figures()
	var all []processors.Figure
	add := func(name, help, endpoint string, v float64) {
		one := processors.Figure{Name: name, Help: help, Value: v}
		if endpoint != "" {
			one.Label, one.Of = "endpoint", endpoint
		}
		all = append(all, one)
	}
	for _, e := range f.Endpoints {
		up := 0.0
		if e.Up {
			up = 1
		}
		add("oip_endpoint_up", "Instances of the processor that have the endpoint in use.", e.Endpoint, up)
		add("oip_calls_total", "Inference calls sent to the endpoint, retries included.", e.Endpoint, float64(e.Calls))
		add("oip_failures_total", "Inference calls that the endpoint failed.", e.Endpoint, float64(e.Failures))
		add("oip_outages_total", "Times the endpoint went out of use: its calls went to another, or failed.", e.Endpoint, float64(e.Outages))
	}
	add("oip_retries_total", "Further tries of failed calls.", "", float64(f.Retries))
	add("oip_retries_refused_total", "Further tries that the retry budget did not allow.", "", float64(f.Refused))
	return all
}
