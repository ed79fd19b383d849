package batchsink_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

// promise is what the default policy does under a load.
type promise struct {
	batch.Load
	before   string  // what the code did that the coordinator replaced
	p50, p99 float64 // ms, at most; 0: nothing promised
	fps      float64 // of all feeds, at least
	bare     float64 // the same as a share of the bare loop
	apart    float64 // answers of any two feeds, at most
	span     time.Duration
}

func loadOf(feeds int, fps float64, size int, base, each time.Duration) batch.Load {
	return batch.Load{Feeds: feeds, FPS: fps, Size: size, Window: 50 * ms, Cost: batch.Cost{Base: base, Each: each}}
}

var promises = []promise{
	{Load: loadOf(7, 0, 8, 5*ms, 0), before: "p50 55 ms, 126 fps", p50: 6, p99: 7, fps: 7 * 180, apart: 20, span: 5 * time.Second},
	{Load: loadOf(4, 15, 8, 4*ms, ms), before: "p50 40, p99 60.5 ms", p50: 8, p99: 14, fps: 59, apart: 3, span: 5 * time.Second},
	{Load: loadOf(16, 15, 8, 4*ms, ms), before: "p50 28.5, p99 42 ms", p50: 10, p99: 20, fps: 238, apart: 3, span: 5 * time.Second},
	{Load: loadOf(48, 15, 8, 4*ms, ms), before: "654 fps", bare: .99, apart: 3, span: 10 * time.Second}, // more than can be served
	{Load: loadOf(12, 30, 4, 20*ms, 0), before: "66–102 each", apart: 3, span: 5 * time.Second},
}

// broken is what of a promise is not kept.
func (p promise) broken(f batch.Figures, bare float64) (what []string) {
	if p.p50 > 0 && (f.P50 > p.p50 || f.P99 > p.p99) {
		what = append(what, fmt.Sprintf("p50 %.1f, p99 %.1f ms", f.P50, f.P99))
	}
	if f.ServedFPS < p.fps || f.ServedFPS < p.bare*bare {
		what = append(what, fmt.Sprintf("%.1f fps", f.ServedFPS))
	}
	if f.ServedMax-f.ServedMin > p.apart {
		what = append(what, fmt.Sprintf("served %g–%g", f.ServedMin, f.ServedMax))
	}
	return what
}

func TestPromises(t *testing.T) {
	for _, p := range promises {
		t.Run(p.Load.String(), func(t *testing.T) {
			f := played(t, batchsink.DefaultConfig().Policy, p.Load, batch.Span{WarmUp: time.Second, For: p.span})
			t.Log(figuresOf([]batch.Figures{f}))
			bare := float64(p.Size) / p.Cost.Of(p.Size).Seconds() // virtual sleeps are exact
			for _, what := range p.broken(f, bare) {
				t.Errorf("%s; promised: %v", what, p)
			}
		})
	}
}

var figures = flag.Bool("figures", false, "measure what the coordinator is promised to do, on the clock there is, and print it")

// table prints figures beside what was measured before, what is promised, and
// the floor: what the same sleeps and wake-ups cost without a coordinator.
type table struct{ *tabwriter.Writer }

func (t table) row(what, before, goal, now, floor string, kept bool) {
	mark := "yes"
	if !kept {
		mark = "no"
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", what, before, goal, now, floor, mark)
}

// TestFigures takes a minute and a quiet machine; scripts/bench runs it.
func TestFigures(t *testing.T) {
	if !*figures {
		t.Skip("prints figures with -figures")
	}
	w := table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	defer w.Flush()
	fmt.Fprintln(w, "case\tbefore\tpromised\tnow\tfloor, same run\tkept")
	for _, p := range promises {
		w.load(t, p)
	}
	w.trip("round trip, closed loop", testing.Benchmark(batchsink.BenchmarkRoundTripBesideFloor))
	w.trip("round trip, paced", testing.Benchmark(batchsink.BenchmarkRoundTripPaced))
	allocs := testing.Benchmark(batchsink.BenchmarkRoundTrip).AllocsPerOp()
	w.row("allocations a trip", "", "0", fmt.Sprint(allocs), "", allocs == 0)
	inferred := inferredForNobody(t)
	w.row("40 abandoned entries", "40 inferred", "0 inferred", fmt.Sprint(inferred, " inferred"), "", inferred == 0)
	w.stop(testing.Benchmark(batchsink.BenchmarkIdleStop))
	failed, delivered := poisoned(t)
	w.row("8 with a poison frame", "8 failed", "1 failed, 7 delivered", fmt.Sprintf("%d failed, %d delivered", failed, delivered), "", failed == 1 && delivered == 7)
}

func (t table) load(test *testing.T, p promise) {
	bare := batch.Bare(context.Background(), p.Load, time.Second)
	f, err := play(batchsink.DefaultConfig().Policy, p.Load, batch.Span{WarmUp: time.Second, For: p.span})
	if err != nil {
		test.Fatal(err)
	}
	bare = (bare + batch.Bare(context.Background(), p.Load, time.Second)) / 2
	floor, err := batch.Summarise("floor", []batch.Run{batch.Floor(context.Background(), p.Load, time.Second, 1)})
	if err != nil {
		test.Fatal(err)
	}
	goal, now, least := "", "", ""
	if p.p50 > 0 {
		goal = fmt.Sprintf("p50 %g, p99 %g ms, %g fps, ", p.p50, p.p99, p.fps)
		now = fmt.Sprintf("p50 %.1f, p99 %.1f ms, ", f.P50, f.P99)
		least = fmt.Sprintf("p50 %.1f, p99 %.1f ms, ", floor.P50, floor.P99)
	}
	if p.bare > 0 {
		goal = fmt.Sprintf("%.2f × the floor, ", p.bare)
	}
	t.row(p.Load.String(), p.before, goal+fmt.Sprintf("%g apart", p.apart),
		now+fmt.Sprintf("%.1f fps, %g apart", f.ServedFPS, f.ServedMax-f.ServedMin), least+fmt.Sprintf("%.1f fps", bare), len(p.broken(f, bare)) == 0)
}

func (t table) trip(what string, r testing.BenchmarkResult) {
	x := r.Extra["x-floor"]
	t.row(what, "p50 3.7 µs, p99 142 µs", "1.5 × the floor", fmt.Sprintf("p50 %.2f µs, p99 %.1f µs, %.2f ×", r.Extra["ns/trip"]/1000, r.Extra["p99-ns/trip"]/1000, x),
		fmt.Sprintf("p50 %.2f µs", r.Extra["floor-ns/trip"]/1000), x <= 1.5)
}

func (t table) stop(r testing.BenchmarkResult) {
	took := func(floor string) string {
		return fmt.Sprintf("p50 %.2f, max %.2f ms", r.Extra[floor+"p50-ms"], r.Extra[floor+"max-ms"])
	}
	t.row("idle stop", "p50 55, max 98 ms", "max 5 ms", took(""), took("floor-"), r.Extra["max-ms"] <= 5)
}

// function is a processor of one function.
type function func(batch []frame.Entry) error

func (function) Start(context.Context) error { return nil }
func (function) Stop() error                 { return nil }
func (function) Traits() frame.Traits        { return frame.Traits{} }

func (f function) Process(_ context.Context, batch []frame.Entry) error { return f(batch) }

// submitted is what becomes of a frame of each of n feeds, submitted at once.
func submitted(t *testing.T, c batchsink.Config, p function, n int) batchsink.Counts {
	h, err := batchsink.New(context.Background(), "figures", c, func() (batchsink.Processor, error) { return p, nil }, batchsink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tickets := make([]*batchsink.Ticket, n)
	for i := range tickets {
		id := frame.FeedID(fmt.Sprint("feed", i))
		port, err := h.Attach(id, batchsink.FeedOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f := &frame.Frame{Feed: id}
		f.Init(nil)
		if tickets[i], err = port.Submit(f, frame.ViewState{}); err != nil {
			t.Fatal(err)
		}
		f.Release()
	}
	for _, ticket := range tickets {
		<-ticket.Done()
		ticket.Release()
	}
	if err := h.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	return h.Stats().Total
}

// inferredForNobody is how many of forty entries are processed though their
// feeds have given up, beyond the one in Process meanwhile.
func inferredForNobody(t *testing.T) int {
	c := batchsink.DefaultConfig()
	c.MaxBatchSize, c.MaxLatency, c.ResponseTimeout = 1, ms, 49*ms
	var inferred atomic.Int64
	submitted(t, c, func(batch []frame.Entry) error {
		inferred.Add(int64(len(batch)))
		time.Sleep(200 * ms)
		return nil
	}, 41)
	return int(inferred.Load()) - 1
}

// poisoned is what becomes of a batch of eight with a frame that nothing
// survives.
func poisoned(t *testing.T) (failed, delivered uint64) {
	c := batchsink.DefaultConfig()
	c.MaxBatchSize, c.Policy = 8, "window"
	outcomes := submitted(t, c, func(batch []frame.Entry) error {
		for _, e := range batch {
			if e.Frame.Feed == "feed5" {
				return errors.New("bad frame")
			}
		}
		return nil
	}, 8).Outcomes
	return outcomes[frame.Failed], outcomes[frame.Delivered]
}
