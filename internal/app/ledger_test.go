package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/processors"
)

// patience is how long a condition may take to come true: three times the
// longest bound that is promised for any of them, a camera's return in 10 s.
const patience = 30 * time.Second

// erratic is a processor with every way of not delivering: it is slow for a
// while, fails single frames, and fails whole batches.
type erratic struct{ calls atomic.Int64 }

func (e *erratic) process(ctx context.Context, batch []frame.Entry) error {
	pause := 30 * time.Millisecond
	switch n := e.calls.Add(1); {
	case n%20 == 7:
		pause = 700 * time.Millisecond // past the response timeout
	case n%20 == 13:
		return errors.New("this batch fails")
	case n%20 == 17:
		batch[0].Err = errors.New("this frame fails")
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
	return nil
}

// The ledger, with everything that makes frames go another way: a queue that
// refuses, answers that come too late, failures, a camera that reboots, and a
// stop in the middle of it all. The two sides are counted apart: frames decoded
// by a probe behind the decoder, outcomes by feeds and coordinators.
func TestLedgerIsExactWithRealPipelines(t *testing.T) {
	cameras := make([]*rtspcam.Camera, 4)
	var feeds strings.Builder
	for i := range cameras {
		cameras[i] = startClipCamera(t)
		fmt.Fprintf(&feeds, "  cam%d: {url: %q}\n", i+1, cameras[i].URL())
	}
	e := &erratic{}
	a := startApp(t, `
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors:
  busy: {type: erratic, batch: {max_batch_size: 2, queue_capacity: 2, max_latency: 10ms, response_timeout: 200ms, isolate_failures: false}}
  calm: {type: calm}
defaults:
  processors: [{name: busy, max_in_flight: 2}, {name: calm, fps: 10}]
feeds:
`+feeds.String(), Options{Types: BuiltinTypes().With(Types{
		"erratic": OwnType(func() (processors.Processor, error) { return processors.Func(e.process), nil }),
		"calm":    OwnType(func() (processors.Processor, error) { return processors.Nop{}, nil }),
	})})

	await(t, "every feed live", func() bool { return allLive(a.Snapshot()) })
	await(t, "each kind of outcome", func() bool {
		sum := total(a.Snapshot(), "busy")
		return sum[frame.Delivered] > 0 && sum[frame.Timeout] > 0 && sum[frame.Failed] > 0 &&
			sum[frame.InFlight] > 0 && sum[frame.QueueFull] > 0 && sum[frame.Superseded] > 0
	})
	cameras[0].Stop()
	await(t, "the first feed notices", func() bool { return a.Snapshot().Feeds[0].Status.State != pipeline.Live })
	if err := cameras[0].Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the first feed is back", func() bool {
		f := a.Snapshot().Feeds[0]
		return f.Status.State == pipeline.Live && f.Status.Restarts > 0
	})
	await(t, "enough frames for one in a hundred to show", func() bool {
		for _, f := range a.Snapshot().Feeds {
			if f.Decoded < 100 {
				return false
			}
		}
		return true
	})
	await(t, "a slow call is under way", func() bool { return e.calls.Load()%20 == 7 })
	stopApp(t, a)

	checkLedgers(t, a.Snapshot())
}

// checkLedgers is the assertion: equality, per feed and processor.
func checkLedgers(t *testing.T, s Snapshot) {
	t.Helper()
	for _, f := range s.Feeds {
		if f.Decoded == 0 {
			t.Errorf("feed %s decoded nothing", f.ID)
		}
		if f.Pending != 0 || f.Stats.Stray != 0 {
			t.Errorf("feed %s: %d frames pending, %d stray after the stop", f.ID, f.Pending, f.Stats.Stray)
		}
		for _, p := range f.Processors {
			if p.Ledger.Sum() != f.Decoded {
				t.Errorf("ledger of feed %s at %s: %d outcomes of %d decoded frames: %v", f.ID, p.Name, p.Ledger.Sum(), f.Decoded, p.Ledger)
			}
		}
	}
	for _, p := range s.Processors {
		if c := p.Batch.Total; c.Submitted != c.Outcomes.Sum() || c.Pending() != 0 {
			t.Errorf("processor %s: %d submitted, %d outcomes, %d pending", p.Name, c.Submitted, c.Outcomes.Sum(), c.Pending())
		}
	}
}

func startClipCamera(t *testing.T) *rtspcam.Camera {
	t.Helper()
	c := rtspcam.New(testclip.Small(), rtspcam.Options{})
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func startApp(t *testing.T, text string, o Options) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nvpipe.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if o.Types == nil {
		o.Types = BuiltinTypes()
	}
	c, err := config.Load(path, config.Options{Processors: o.Types.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t)
	}
	a, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopApp(t, a) })
	return a
}

// stopApp stops within what is promised; a second stop is harmless.
func stopApp(t *testing.T, a *App) {
	t.Helper()
	began := time.Now()
	if err := a.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %v, 10 s are promised", took)
	}
}

// await waits until something is true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func allLive(s Snapshot) bool {
	for _, f := range s.Feeds {
		if f.Status.State != pipeline.Live {
			return false
		}
	}
	return true
}

// total is the outcomes of all feeds at a processor.
func total(s Snapshot, processor string) (sum frame.Ledger) {
	for _, f := range s.Feeds {
		for _, p := range f.Processors {
			if p.Name != processor {
				continue
			}
			for o, n := range p.Ledger {
				sum[o] += n
			}
		}
	}
	return sum
}
