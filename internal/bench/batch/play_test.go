package batch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func playing(t *testing.T, policy string, l Load, d time.Duration, seed uint64) (r Run) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = Play(t.Context(), policy, l, Span{WarmUp: time.Second, For: d}, seed); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// One camera, calls that cost 5 ms: whoever waits for others waits the whole
// window, whoever does not has the answer after the call.
func TestOneCamera(t *testing.T) {
	l := Load{Feeds: 1, FPS: 10, Size: 8, Window: 50 * ms, Cost: Cost{4 * ms, ms}}
	for policy, want := range map[string]time.Duration{"window": 55 * ms, "eager": 5 * ms, "fill": 5 * ms} {
		r := playing(t, policy, l, 10*time.Second, 1)
		if n := r.Served[0]; n < 99 || n > 101 {
			t.Errorf("%s: %d answers of 100", policy, n)
		}
		if p50 := quantile(r.Latencies, .5); p50 != want {
			t.Errorf("%s: p50 %v, want %v", policy, p50, want)
		}
		if r.Fill != 1./8 || r.LongestPassedOver != 0 {
			t.Errorf("%s: fill %v, passed over %d", policy, r.Fill, r.LongestPassedOver)
		}
	}
}

// Eight in a closed loop fill every batch and share alike.
func TestClosedLoop(t *testing.T) {
	r := playing(t, "window", Load{Feeds: 8, Size: 8, Window: 50 * ms, Cost: Cost{10 * ms, 0}}, 2*time.Second, 1)
	for i, n := range r.Served {
		if n < 199 || n > 201 {
			t.Errorf("feed %d has %d answers of 200", i, n)
		}
	}
	if r.Fill != 1 || r.Latencies[0] != 10*ms || r.Latencies[len(r.Latencies)-1] != 10*ms {
		t.Errorf("fill %v, latencies %v–%v", r.Fill, r.Latencies[0], r.Latencies[len(r.Latencies)-1])
	}
}

// Twice what can be served: some are passed over, all alike.
func TestOverload(t *testing.T) {
	r := playing(t, "eager", Load{Feeds: 20, FPS: 10, Size: 4, Window: 50 * ms, Cost: Cost{0, 10 * ms}}, 10*time.Second, 1)
	if fps := r.fps(); fps < 95 || fps > 101 {
		t.Errorf("%.1f fps of 100 possible", fps)
	}
	if r.LongestPassedOver == 0 || jain(r.Served) < .98 {
		t.Errorf("passed over %d, served %v", r.LongestPassedOver, r.Served)
	}
}

func TestTheSeedDecidesOnThePhases(t *testing.T) {
	l := Load{Feeds: 3, FPS: 15, Size: 8, Window: 50 * ms, Cost: Cost{4 * ms, ms}}
	first, again := playing(t, "eager", l, time.Second, 1), playing(t, "eager", l, time.Second, 1)
	other := playing(t, "eager", l, time.Second, 2)
	if !slices.Equal(first.Latencies, again.Latencies) {
		t.Error("one seed gave two streams")
	}
	if slices.Equal(first.Latencies, other.Latencies) {
		t.Error("two seeds gave one stream")
	}
}

func TestPlayEndsWithItsContext(t *testing.T) {
	l := Load{Feeds: 2, FPS: 15, Size: 8, Window: 50 * ms, Cost: Cost{4 * ms, ms}}
	for _, span := range []Span{{WarmUp: time.Hour, For: 1}, {For: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if _, err := Play(ctx, "window", l, span, 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestPlayRefusesWhatCannotBePlayed(t *testing.T) {
	if _, err := Play(t.Context(), "none", Load{}, Span{}, 1); err == nil {
		t.Error("accepted")
	}
}

func TestBare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if fps := Bare(t.Context(), Load{Size: 8, Cost: Cost{4 * ms, ms}}, 1200*ms); round(fps) != 666.667 {
			t.Errorf("%v fps", fps)
		}
	})
}

// The floor is the bare sleep, on virtual time.
func TestFloor(t *testing.T) {
	for _, fps := range []float64{0, 15} {
		synctest.Test(t, func(t *testing.T) {
			l := Load{Feeds: 7, FPS: fps, Size: 8, Window: time.Second, Cost: Cost{Base: 4 * time.Millisecond, Each: time.Millisecond}}
			r := Floor(t.Context(), l, time.Second, 1)
			want, visitors := 5*time.Millisecond, 1
			if fps == 0 {
				want, visitors = 11*time.Millisecond, 7
			}
			if len(r.Served) != visitors || len(r.Latencies) == 0 || r.Latencies[0] != want || r.Latencies[len(r.Latencies)-1] != want {
				t.Errorf("%v fps: %d visitors, latencies %v", fps, len(r.Served), r.Latencies)
			}
		})
	}
}
