package memory

import (
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/internal/units"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mebi = 1 << 20

// watched is a watch of a process whose memory, in MiB, follows from how long it
// has run.
type watched struct {
	*Watch
	events []Event
	fatal  []error
	after  time.Duration // when the first event came
}

// watch plays a process for a time.
func watch(t *testing.T, c Config, long time.Duration, resident func(time.Duration) float64) (w *watched) {
	synctest.Test(t, func(*testing.T) {
		began := time.Now()
		w = &watched{}
		w.Watch = New(c, Options{
			Read: func() (int64, error) { return int64(resident(time.Since(began)) * mebi), nil },
			OnEvent: func(e Event) {
				if w.events = append(w.events, e); len(w.events) == 1 {
					w.after = time.Since(began)
				}
			},
			OnFatal: func(err error) { w.fatal = append(w.fatal, err) },
		})
		w.Start()
		time.Sleep(long)
		w.Stop()
		w.Stop()
	})
	return w
}

// leak grows by so many MiB a minute.
func leak(rate float64) func(time.Duration) float64 {
	return func(d time.Duration) float64 { return 150 + rate*d.Minutes() }
}

// noise is around 0, as wide as that.
func noise(seed uint64, width float64) func() float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func() float64 { return (rng.Float64() - .5) * width }
}

// sawtooth is the memory that a collector lets go of every so often.
func sawtooth(d, period time.Duration, height float64) float64 {
	return height * float64(d%period) / float64(period)
}

func TestALeakIsSeenWithinTenMinutes(t *testing.T) {
	for rate, minutes := range map[float64]time.Duration{1.2: 10, 5: 10, 300: 10} {
		w := watch(t, Config{}, minutes*time.Minute, leak(rate))
		if len(w.events) != 1 || w.events[0].Kind != Growing {
			t.Errorf("%v MiB a minute: events %v", rate, w.events)
		}
		if got := w.Figures(); !got.Growing || got.Rate*60 < .99*rate*mebi || got.Rate*60 > 1.01*rate*mebi {
			t.Errorf("%v MiB a minute: figures %+v", rate, got)
		}
	}
}

func TestALeakIsSeenThroughNoiseAndACollector(t *testing.T) {
	for seed := range uint64(50) {
		n := noise(seed, 10)
		w := watch(t, Config{}, 20*time.Minute, func(d time.Duration) float64 {
			return leak(10)(d) + n() + sawtooth(d, 40*time.Second, 10)
		})
		if len(w.events) != 1 {
			t.Fatalf("seed %d: events %v", seed, w.events)
		}
	}
}

func TestWhatIsNoLeak(t *testing.T) {
	steady := 150.0
	for name, resident := range map[string]func(time.Duration) float64{
		"flat":               func(time.Duration) float64 { return steady },
		"too slow to matter": leak(.8),
		"shrinking":          leak(-3),
		"a collector":        func(d time.Duration) float64 { return steady + sawtooth(d, 2*time.Minute, 100) },
		"a rare collector":   func(d time.Duration) float64 { return steady + sawtooth(d, 5*time.Minute, 100) },
		"one step":           func(d time.Duration) float64 { return steady + 80*float64(d/(7*time.Minute)%2) },
		"stairs":             func(d time.Duration) float64 { return steady + 40*float64(d/(3*time.Minute)) },
		"caches that fill":   func(d time.Duration) float64 { return 600 - 450/(1+d.Minutes()) },
	} {
		if w := watch(t, Config{}, time.Hour, resident); len(w.events) > 0 {
			t.Errorf("%s: after %v: %v", name, w.after, w.events)
		}
	}
}

func TestNoiseIsNoLeak(t *testing.T) {
	for seed := range uint64(300) {
		n, walk := noise(seed, 60), noise(seed, 4)
		at := 0.0
		for name, resident := range map[string]func(time.Duration) float64{
			"noise": func(time.Duration) float64 { return 300 + n() },
			"drift": func(time.Duration) float64 { at += walk() - at/30; return 300 + at }, // comes back in five minutes
		} {
			if w := watch(t, Config{}, time.Hour, resident); len(w.events) > 0 {
				t.Errorf("seed %d: %s: after %v: %v", seed, name, w.after, w.events)
			}
		}
	}
}

// Each of eight feeds that are added within minutes takes its memory.
func TestAddedFeedsAreNoLeak(t *testing.T) {
	grows := func(told bool) (events int) {
		synctest.Test(t, func(*testing.T) {
			feeds := 0.0
			w := New(Config{}, Options{
				Read:    func() (int64, error) { feeds += .1; return int64(feeds * 15 * mebi), nil },
				OnEvent: func(Event) { events++ },
			})
			w.Start()
			defer w.Stop()
			for range 8 {
				if time.Sleep(2 * time.Minute); told {
					w.Settle()
				}
			}
		})
		return events
	}
	if n := grows(true); n != 0 {
		t.Errorf("%d events", n)
	}
	if n := grows(false); n != 1 {
		t.Errorf("control: %d events for the same growth without feeds", n)
	}
}

func TestAnEventAnHour(t *testing.T) {
	w := watch(t, Config{MaxRSS: 10 << 30}, 150*time.Minute, leak(5))
	if len(w.events) != 3 {
		t.Errorf("events in two hours and a half: %v", w.events)
	}
	if text := w.events[0].Text; !strings.Contains(text, "5.0 MiB a minute") || !strings.Contains(text, "10240 MiB, will be reached in 33h") {
		t.Error(text)
	}
}

func TestMaxRSS(t *testing.T) {
	c := Config{MaxRSS: 200 * mebi}
	w := watch(t, c, 2*time.Hour, leak(.9))
	if len(w.events) != 1 || w.events[0].Kind != NearLimit {
		t.Errorf("events: %v", w.events)
	}
	if len(w.fatal) != 1 || !strings.Contains(w.fatal[0].Error(), "max_rss, 200 MiB") {
		t.Errorf("fatal: %v", w.fatal)
	}
	// It comes back below the limit in time, again and again.
	w = watch(t, c, time.Hour, func(d time.Duration) float64 { return 150 + 80*float64(d/(20*time.Second)%2) })
	if len(w.fatal) != 0 {
		t.Errorf("fatal: %v", w.fatal)
	}
}

func TestMemoryThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []Event
		w := New(Config{}, Options{
			Read:    func() (int64, error) { return 0, errors.New("no such file") },
			OnEvent: func(e Event) { events = append(events, e) },
		})
		w.Stop() // before Start: harmless
		w.Start()
		time.Sleep(time.Hour)
		w.Stop()
		if len(events) != 1 || events[0].Kind != Unreadable {
			t.Errorf("events: %v", events)
		}
	})
}

func TestResident(t *testing.T) {
	if n, err := Resident(); err != nil || n < 1<<20 || n > 1<<40 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestConfigBounds(t *testing.T) {
	for max, ok := range map[units.Bytes]bool{0: true, 64 << 20: true, 2 << 30: true, 64<<20 - 1: false, 1: false, -1: false} {
		if err := (Config{max}).Validate(); (err == nil) != ok {
			t.Errorf("%v: %v", max, err)
		}
	}
}

func TestLimitGo(t *testing.T) {
	was := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(was)
	t.Setenv("GOMEMLIMIT", "1GiB")
	LimitGo(Config{MaxRSS: 1000 * mebi})
	if got := debug.SetMemoryLimit(-1); got != was {
		t.Errorf("the environment's limit is replaced by %d", got)
	}
}
