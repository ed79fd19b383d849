package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
)

// rehearsal is what `nvpipe replay` has found out.
type rehearsal struct {
	replay batchsink.Replay
	// services are how the load was served, and how it would be by the model;
	// only with another policy.
	services []service
}

type service struct {
	name string
	batchsink.Service
}

func replayCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("replay", "FILE", errs)
	policy := flags.String("policy", "", "form the batches by window, fill, eager or adaptive instead, and compare")
	if code, ok := parse(flags, args, 1); !ok {
		return code
	}
	r, err := replayFile(flags.Arg(0), *policy)
	if err != nil {
		fmt.Fprintf(errs, "nvpipe replay: %s: %v\n", flags.Arg(0), err)
		return exitUsage
	}
	write := r.text
	if *asJSON {
		write = r.json
	}
	if err := write(out); err != nil {
		fmt.Fprintln(errs, "nvpipe replay:", err)
		return exitFailed
	}
	if !r.replay.Same() {
		return exitFailed
	}
	return exitFine
}

func replayFile(path, policy string) (r rehearsal, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if r.replay, err = batchsink.ReplayTrace(f, policy); err != nil || policy == "" {
		return r, err
	}
	r.services = []service{{"recorded", r.replay.Load.Recorded()}}
	for _, p := range slices.Compact([]string{r.replay.Header.Policy, policy}) {
		s, err := r.replay.Load.Under(p)
		if errors.Is(err, batchsink.ErrNoCalls) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		r.services = append(r.services, service{p + ", modelled", s})
	}
	return r, nil
}

func (r rehearsal) text(out io.Writer) error {
	p := r.replay
	fmt.Fprintf(out, "processor %s, policy %s: %d batches in %v, %d records\n",
		p.Header.Processor, p.Header.Policy, p.Batches, p.Span.Round(time.Millisecond), p.Records)
	if p.Cut {
		fmt.Fprintln(out, "the last line is not whole and was left out")
	}
	if !p.Ended {
		fmt.Fprintln(out, "the trace does not go on until the coordinator ended: it was still being written, was followed by another file, or is cut off")
	}
	if p.Lost > 0 {
		fmt.Fprintf(out, "%d records were lost when it was written; what was formed meanwhile is left out\n", p.Lost)
	}
	if p.Impossible > 0 {
		fmt.Fprintf(out, "%d records do not fit those before them\n", p.Impossible)
	}
	_, err := fmt.Fprintf(out, "formed again by %s: %d of %d batches differ\n", p.Policy, p.Different, p.Batches)
	for _, text := range p.First {
		fmt.Fprintln(out, " ", text)
	}
	if hidden := p.Different + p.Impossible - len(p.First); hidden > 0 {
		fmt.Fprintf(out, "  and %d more\n", hidden)
	}
	if len(r.services) > 0 {
		err = r.table(out)
	}
	return err
}

func (r rehearsal) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\n\toffered\tdelivered\tp50 ms\tp99 ms\tbatches\tfill\t")
	for _, s := range r.services {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f\t%.1f\t%d\t%.2f\t\n",
			s.name, s.Offered, s.Delivered, milliseconds(s.P50), milliseconds(s.P99), s.Batches, s.Fill)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if r.replay.Lost > 0 {
		fmt.Fprintln(out, "The rows are of what happened until records were lost.")
	}
	_, err := fmt.Fprint(out, "The model offers frames when they were offered, whenever it answers; a call of n takes what such calls took\n"+
		"on average, and none fails. Compare the modelled rows with each other.\n")
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (r rehearsal) json(out io.Writer) error {
	type row struct {
		Name      string  `json:"name"`
		Offered   int     `json:"offered"`
		Delivered int     `json:"delivered"`
		P50       float64 `json:"p50_ms"`
		P99       float64 `json:"p99_ms"`
		Batches   int     `json:"batches"`
		Fill      float64 `json:"fill"`
	}
	p := r.replay
	v := struct {
		Processor   string   `json:"processor"`
		Recorded    string   `json:"recorded_policy"`
		Policy      string   `json:"policy"`
		Records     int      `json:"records"`
		Seconds     float64  `json:"seconds"`
		Batches     int      `json:"batches"`
		Different   int      `json:"different"`
		Impossible  int      `json:"impossible"`
		Lost        int      `json:"lost"`
		Ended       bool     `json:"ended"`
		Cut         bool     `json:"cut"`
		Differences []string `json:"differences"`
		Services    []row    `json:"services,omitempty"`
	}{p.Header.Processor, p.Header.Policy, p.Policy, p.Records, p.Span.Seconds(), p.Batches, p.Different, p.Impossible,
		p.Lost, p.Ended, p.Cut, append([]string{}, p.First...), nil}
	for _, s := range r.services {
		v.Services = append(v.Services, row{s.name, s.Offered, s.Delivered, milliseconds(s.P50), milliseconds(s.P99), s.Batches, s.Fill})
	}
	return json.NewEncoder(out).Encode(v)
}
