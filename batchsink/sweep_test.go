package batchsink_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

const ms = time.Millisecond

// played is how a policy does under a load on virtual time.
func played(t *testing.T, policy string, l batch.Load, s batch.Span) (f batch.Figures) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if f, err = play(policy, l, s); err != nil {
			t.Fatal(err)
		}
	})
	return f
}

// play is the same on the clock there is.
func play(policy string, l batch.Load, s batch.Span) (batch.Figures, error) {
	r, err := batch.Play(context.Background(), policy, l, s, 1)
	if err != nil {
		return batch.Figures{}, err
	}
	return batch.Summarise(policy, []batch.Run{r})
}

// The default policy is the best in at least four rows of five. docs/batching.md
// shows the others.
func TestDefaultPolicyIsTheBest(t *testing.T) {
	if testing.Short() {
		t.Skip("a sweep of hundreds of loads")
	}
	d := batchsink.DefaultConfig().Policy
	wins, strict, lost := 0, 0, []string(nil)
	loads := batch.Sweep()
	for _, l := range loads {
		var rows []batch.Figures
		for _, policy := range batch.Policies {
			rows = append(rows, played(t, policy, l, batch.SweepSpan()))
		}
		if batch.IsBest(rows, d, 0) {
			strict++
		}
		if batch.IsBest(rows, d, batch.Tie) {
			wins++
		} else {
			lost = append(lost, fmt.Sprintf("%v: %s wins: %s", l, batch.Best(rows).Policy, figuresOf(rows)))
		}
	}
	t.Logf("%s is the best in %d of %d rows, in %d without ties; it is not in\n%s", d, wins, len(loads), strict, strings.Join(lost, "\n"))
	if 5*wins < 4*len(loads) {
		t.Errorf("%s is the best in %d of %d rows only", d, wins, len(loads))
	}
}

func figuresOf(rows []batch.Figures) (s string) {
	for _, f := range rows {
		s += fmt.Sprintf(" %s %.0f fps p50 %.1f p99 %.1f ms;", f.Policy, f.ServedFPS, f.P50, f.P99)
	}
	return s
}

// A processor of 20 ms an entry, and 1.8 times as many frames as it can serve:
// the queue stays bounded, answers stay young, and equal feeds get equal parts.
func TestFault59_OverloadIsBoundedAndShared(t *testing.T) {
	l := batch.Load{Feeds: 6, FPS: 15, Size: 4, Window: 50 * ms, Cost: batch.Cost{Each: 20 * ms}}
	for _, policy := range batch.Policies {
		f := played(t, policy, l, batch.Span{WarmUp: time.Second, For: 20 * time.Second})
		if f.Jain < .99 {
			t.Errorf("%s: Jain index %.3f, served %g–%g", policy, f.Jain, f.ServedMin, f.ServedMax)
		}
		if f.P99 > 1000 {
			t.Errorf("%s: p99 %v ms", policy, f.P99)
		}
		if f.ServedFPS < .85*50 { // fill and window wait though there is more to do than time
			t.Errorf("%s: %.1f fps of 50 possible", policy, f.ServedFPS)
		}
	}
}

// promise is what the default policy does under a load.
type promise struct {
	batch.Load
	p50, p99   float64 // ms, at most; 0: nothing promised
	fps, apart float64 // at least; served by any two feeds at most this apart in 10 s
}

func loadOf(feeds int, fps float64, size int, window, base, each time.Duration) batch.Load {
	return batch.Load{Feeds: feeds, FPS: fps, Size: size, Window: window, Cost: batch.Cost{Base: base, Each: each}}
}

var promises = []promise{
	// seed: p50 55 ms, 18 fps a feed
	{loadOf(7, 0, 8, 50*ms, 5*ms, 0), 6, 7, 7 * 180, 20},
	// seed: p50 40 ms, p99 60.5 ms
	{loadOf(4, 15, 8, 50*ms, 4*ms, ms), 8, 14, 59, 3},
	// seed: p50 28.5 ms, p99 42 ms
	{loadOf(16, 15, 8, 50*ms, 4*ms, ms), 10, 20, 238, 3},
	// seed: 654 fps; more than can be served, which is 8 in 12 ms
	{loadOf(48, 15, 8, 50*ms, 4*ms, ms), 0, 0, .99 * 8000 / 12, 3},
	// seed: 66–102 frames each in 5 s
	{loadOf(12, 30, 4, 20*ms, 4*ms, ms), 0, 0, 0, 3},
}

func TestPromises(t *testing.T) {
	for _, c := range promises {
		t.Run(c.Load.String(), func(t *testing.T) {
			f := played(t, batchsink.DefaultConfig().Policy, c.Load, batch.Span{WarmUp: time.Second, For: 10 * time.Second})
			t.Log(figuresOf([]batch.Figures{f}))
			if c.p50 > 0 && (f.P50 > c.p50 || f.P99 > c.p99) {
				t.Errorf("p50 %v, p99 %v ms; promised are %v and %v", f.P50, f.P99, c.p50, c.p99)
			}
			if f.ServedFPS < c.fps {
				t.Errorf("%.1f fps; promised are %.1f", f.ServedFPS, c.fps)
			}
			if f.ServedMax-f.ServedMin > c.apart {
				t.Errorf("served %g–%g", f.ServedMin, f.ServedMax)
			}
		})
	}
}

// BenchmarkPromises plays the same loads for two seconds of real time; what is
// promised is printed beside what is.
func BenchmarkPromises(b *testing.B) {
	for _, c := range promises {
		b.Run(strings.NewReplacer(", ", "/", " ", "").Replace(c.Load.String()), func(b *testing.B) {
			var f batch.Figures
			for b.Loop() {
				var err error
				if f, err = play(batchsink.DefaultConfig().Policy, c.Load, batch.Span{WarmUp: time.Second, For: 2 * time.Second}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(f.ServedFPS, "fps")
			b.ReportMetric(c.fps, "least-fps")
			b.ReportMetric(f.P50, "p50-ms")
			b.ReportMetric(f.P99, "p99-ms")
			if c.p50 > 0 {
				b.ReportMetric(c.p50, "most-p50-ms")
				b.ReportMetric(c.p99, "most-p99-ms")
			}
			b.ReportMetric(f.ServedMax-f.ServedMin, "apart")
		})
	}
}
