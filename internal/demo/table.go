package demo

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/app"
)

const (
	refresh = time.Second     // of a table on a terminal
	linely  = 5 * time.Second // between the lines elsewhere
)

// show writes the live table until ctx ends, with a last line if there is one.
func show(ctx context.Context, a *app.App, o Options, line func() string) {
	if o.Quiet {
		<-ctx.Done()
		return
	}
	for _, id := range feedIDs(o.Cameras) {
		fmt.Fprintf(o.Out, "watch   %s\n", a.StreamURL(id))
	}
	fmt.Fprintf(o.Out, "figures %s\n\n", a.MetricsURL())
	every := linely
	if o.Terminal {
		every = refresh
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last, lines := a.Snapshot(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := a.Snapshot()
		text := table(last, now) + line()
		if o.Terminal {
			text = clip(text, o.Width())
		}
		if o.Terminal && lines > 0 {
			fmt.Fprintf(o.Out, "\x1b[%dA\x1b[J", lines)
		}
		fmt.Fprint(o.Out, text)
		last, lines = now, strings.Count(text, "\n")
	}
}

// clip cuts lines that the terminal would wrap: drawing over the table counts on
// a row for each line.
func clip(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if runes := []rune(strings.TrimSuffix(line, "\n")); len(runes) > width && width > 0 {
			line = string(runes[:width]) + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// table shows the figures of now, rates since last.
func table(last, now app.Snapshot) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "feed\tstate\tdecoded/s\tprocessor\tresults/s\tanswer p50\tp99\tviewers\toutcomes")
	seconds := now.At.Sub(last.At).Seconds()
	for i, f := range now.Feeds {
		for k, p := range f.Processors {
			var decoded, delivered uint64
			if i < len(last.Feeds) && last.Feeds[i].ID == f.ID {
				decoded = last.Feeds[i].Decoded
				delivered = last.Feeds[i].Processors[k].Ledger[frame.Delivered]
			}
			p50, p99 := answerTimes(now, p.Name, f.ID)
			fmt.Fprintf(w, "%s\t%v\t%.1f\t%s\t%.1f\t%s\t%s\t%d\t%v\n", f.ID, f.Status.State,
				float64(f.Decoded-decoded)/seconds, p.Name,
				float64(p.Ledger[frame.Delivered]-delivered)/seconds, p50, p99, f.Viewers, p.Ledger)
		}
	}
	w.Flush()
	for _, p := range now.Processors {
		fmt.Fprintf(&b, "%s: %s\n", p.Name, batches(p))
	}
	return b.String()
}

// batches says how full a processor's batches are, and how long they take.
func batches(p app.ProcessorSnapshot) string {
	mean, ok := p.Batch.Size.Mean()
	if !ok {
		return "no batch yet"
	}
	fill, _ := p.Batch.FillRatio()
	took, _ := p.Batch.Processing.Mean()
	return fmt.Sprintf("%d batches, %.1f frames each (fill %.0f %%), %s a batch",
		p.Batch.Dispatched(), mean, 100*fill, milliseconds(took))
}

func answerTimes(s app.Snapshot, processor string, feed frame.FeedID) (p50, p99 string) {
	for _, p := range s.Processors {
		if p.Name != processor {
			continue
		}
		for _, f := range p.Batch.Feeds {
			if f.Feed == feed {
				return quantile(f.Answer.Quantile(.5)), quantile(f.Answer.Quantile(.99))
			}
		}
	}
	return "-", "-"
}

func quantile(seconds float64, ok bool) string {
	if !ok {
		return "-"
	}
	return milliseconds(seconds)
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", 1000*seconds) }
