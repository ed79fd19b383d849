package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/nvpipe/nvpipe/internal/bench/batch"
	"github.com/nvpipe/nvpipe/internal/invalid"
)

// comparison is what `nvpipe bench batch` was asked for.
type comparison struct {
	load     batch.Load
	span     batch.Span
	seeds    int
	policies []string
	// floors are measured between the policies' runs, so that what the machine
	// does meets all of them.
	floors []batch.Run
}

func benchBatch(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("bench batch", "", errs)
	c := comparison{policies: batch.Policies}
	policy := c.flags(flags)
	if code, ok := parse(flags, args, 0); !ok {
		return code
	}
	if *policy != "" {
		c.policies = []string{*policy}
	}
	if err := c.validate(*policy); err != nil {
		fmt.Fprintln(errs, "nvpipe bench batch:", err)
		return exitUsage
	}
	if *asJSON {
		return report("batch", c.lines, out, errs)
	}
	return report("batch", c.table, out, errs)
}

func (c *comparison) flags(set *flag.FlagSet) (policy *string) {
	c.load.Cost = batch.Cost{Base: 4 * time.Millisecond, Each: time.Millisecond}
	set.IntVar(&c.load.Feeds, "feeds", 7, "cameras, 1–1000")
	set.Float64Var(&c.load.FPS, "fps", 15, "frames per second of each; 0: closed loop, each submits when it has its answer")
	set.IntVar(&c.load.Size, "size", 8, "max_batch_size, 1–1024")
	set.DurationVar(&c.load.Window, "window", 50*time.Millisecond, "max_latency")
	set.DurationVar(&c.load.Target, "target", 0, "target_latency, for policy adaptive; 0: unset")
	set.Var(&c.load.Cost, "cost", "what a call takes, `a+b`: a and b for each entry")
	set.DurationVar(&c.span.For, "for", 5*time.Second, "time measured for each policy and seed")
	set.DurationVar(&c.span.WarmUp, "warm-up", time.Second, "time before it that is left out, in which adaptive learns the cost")
	set.IntVar(&c.seeds, "seeds", 20, "times each policy is measured, with other phases of the cameras, 1–1000")
	return set.String("policy", "", "window, fill, eager or adaptive; left out: all")
}

func (c *comparison) validate(policy string) error {
	errs := []error{c.load.Validate()}
	if policy != "" {
		errs = append(errs, batch.CheckPolicy(policy, c.load))
	}
	must := func(ok bool, key, format string, value any) {
		if !ok {
			errs = append(errs, invalid.Field(key, format, value))
		}
	}
	must(c.span.For >= 10*time.Millisecond && c.span.For <= time.Hour, "for", "must be 10ms–1h, is %v", c.span.For)
	must(c.span.WarmUp >= 0 && c.span.WarmUp <= time.Hour, "warm-up", "must be 0–1h, is %v", c.span.WarmUp)
	must(c.seeds >= 1 && c.seeds <= 1000, "seeds", "must be 1–1000, is %d", c.seeds)
	return errors.Join(errs...)
}

// each measures the policies one after the other, and so each one's seeds:
// nothing is measured beside anything else.
func (c *comparison) each(ctx context.Context, progress func(string), report func(batch.Figures) error) error {
	for _, policy := range c.policies {
		var runs []batch.Run
		for seed := range c.seeds {
			progress(fmt.Sprintf("%s: %d of %d", policy, seed+1, c.seeds))
			r, err := batch.Play(ctx, policy, c.load, c.span, uint64(seed+1))
			if err != nil {
				return err
			}
			runs = append(runs, r)
			c.floors = append(c.floors, batch.Floor(ctx, c.load, c.span.For/4, uint64(seed+1)))
		}
		progress("")
		f, err := batch.Summarise(policy, runs)
		if err == nil {
			err = report(f)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", policy, err)
		}
	}
	return nil
}

func (c *comparison) lines(ctx context.Context, out io.Writer, progress func(string)) error {
	enc := json.NewEncoder(out)
	return c.each(ctx, progress, func(f batch.Figures) error { return enc.Encode(f) })
}

func (c *comparison) table(ctx context.Context, out io.Writer, progress func(string)) error {
	fmt.Fprintf(out, "%v, window %v; %d × %v\n", c.load, c.load.Window, c.seeds, c.span.For)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "policy\tserved fps\tp50 ms\tp95 ms\tp99 ms\tfill\tJain\tserved\tpassed over\tCPU µs/entry\t")
	err := c.each(ctx, progress, func(f batch.Figures) error {
		_, err := fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.3f\t%g–%g\t%g\t%.1f\t\n",
			f.Policy, f.ServedFPS, f.P50, f.P95, f.P99, f.Fill, f.Jain, f.ServedMin, f.ServedMax, f.LongestPassedOver, f.CPU)
		return err
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	return c.floor(ctx, out)
}

// floor is what no coordinator gets below, of the same minutes.
func (c *comparison) floor(ctx context.Context, out io.Writer) error {
	f, err := batch.Summarise("floor", c.floors)
	if err != nil {
		return err
	}
	alone := "each frame processed alone, at once"
	if c.load.FPS == 0 {
		alone = fmt.Sprintf("a bare barrier, %.1f fps", f.ServedFPS)
	}
	_, err = fmt.Fprintf(out, "without a coordinator, in between: %s: p50 %.1f, p95 %.1f, p99 %.1f ms; full batches back to back: %.1f fps\n",
		alone, f.P50, f.P95, f.P99, batch.Bare(ctx, c.load, min(c.span.For, time.Second)))
	return err
}
