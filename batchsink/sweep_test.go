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
