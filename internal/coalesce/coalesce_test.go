package coalesce

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type report = Report[string, int]

// said is one report and when it was made.
type said struct {
	report
	at time.Duration
}

// recorder collects reports; the Coalescer's own lock orders them.
type recorder struct {
	start time.Time
	said  []said
}

func (r *recorder) emit(rep report) { r.said = append(r.said, said{rep, time.Since(r.start)}) }

func (r *recorder) sum() (n uint64) {
	for _, s := range r.said {
		n += s.Count
	}
	return n
}

func start(o Options) (*Coalescer[string, int], *recorder) {
	r := &recorder{start: time.Now()}
	return New(o, r.emit), r
}

func TestFirstAtOnceThenOneASecondWithTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := start(Options{})
		for i := range 25 { // every 100 ms from 0 to 2.4 s
			c.Add("lost", i)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		c.Close()
		// What falls on the second itself may be counted on either side of it.
		at := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}
		if len(r.said) != len(at) {
			t.Fatalf("reports %v, want 4", r.said)
		}
		for i, s := range r.said {
			if s.at != at[i] || s.Key != "lost" || s.Overflow {
				t.Errorf("report %d: %+v, want it at %v", i, s, at[i])
			}
		}
		if r.sum() != 25 || r.said[0].Count != 1 {
			t.Errorf("counts %v, want 1 first and 25 in all", r.said)
		}
		if last := r.said[3]; last.Latest != 24 {
			t.Errorf("last report has value %d, want the newest, 24", last.Latest)
		}
	})
}

func TestQuietKeyIsNewsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := start(Options{})
		c.Add("a", 0)
		time.Sleep(1500 * time.Millisecond)
		c.Add("a", 1)
		c.Close()
		if len(r.said) != 2 || r.said[1].at != 1500*time.Millisecond {
			t.Fatalf("reports %v, want the second at once", r.said)
		}
	})
}

func TestRecoverFlushesAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := start(Options{})
		for range 5 {
			c.Add("a", 0)
		}
		c.Add("b", 0)
		c.Recover("a")
		c.Recover("never seen")
		c.Add("a", 0)
		if got := counts(r, "a"); !slices.Equal(got, []uint64{1, 4, 1}) {
			t.Errorf("counts of a %v, want 1, then 4 at recovery, then 1 as news", got)
		}
		c.Close()
	})
}

func counts(r *recorder, key string) (n []uint64) {
	for _, s := range r.said {
		if s.Key == key {
			n = append(n, s.Count)
		}
	}
	return n
}

func TestKeysBeyondTheLimitShareOneReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := start(Options{MaxKeys: 2})
		for i := range 100 {
			c.Add(strconv.Itoa(i), i)
		}
		if keys, _ := held(c); keys != 2 {
			t.Errorf("%d keys held, want 2", keys)
		}
		time.Sleep(5 * time.Second)
		if keys, overflow := held(c); keys != 0 || overflow {
			t.Error("quiet keys are still held")
		}
		c.Close()
		if len(r.said) != 4 || !r.said[2].Overflow || r.said[2].at != 0 {
			t.Fatalf("reports %v, want two keys and one overflow at once", r.said)
		}
		if s := r.said[3]; s.Count != 97 || !s.Overflow || s.at != time.Second {
			t.Errorf("last report %+v, want the other 97 in one after a second", s)
		}
	})
}

func held(c *Coalescer[string, int]) (keys int, overflow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.keys), c.overflow != nil
}

func TestCountsAddUpUnderAnySchedule(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			c, r := start(Options{MaxKeys: 4})
			added := uint64(0)
			for range 500 {
				key := strconv.Itoa(rng.IntN(6))
				switch rng.IntN(10) {
				case 0:
					c.Recover(key)
				case 1:
					time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
				default:
					n := rng.Uint64N(3)
					c.AddN(key, 0, n)
					added += n
				}
			}
			c.Close()
			c.Add("late", 0)
			if r.sum() != added+1 {
				t.Errorf("seed %d: reports stand for %d, added %d", seed, r.sum(), added+1)
			}
		})
	}
}

func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		l := NewLogger(zap.New(core).With(zap.String("feed", "door")), Options{})
		for i := range 10 {
			l.Warn("drop", "packet dropped", zap.Int("seq", i))
		}
		l.Info("drop", "another level is another line")
		l.Recover("drop")
		l.Error("disk", "disk full")
		l.Close()
		got := logs.All()
		if len(got) != 4 {
			t.Fatalf("%d lines, want 4: %v", len(got), got)
		}
		repeat := got[2]
		if repeat.Message != "packet dropped" || repeat.ContextMap()["count"] != uint64(9) ||
			repeat.ContextMap()["seq"] != int64(9) || repeat.ContextMap()["feed"] != "door" {
			t.Errorf("repeats became %v", repeat.ContextMap())
		}
	})
}
