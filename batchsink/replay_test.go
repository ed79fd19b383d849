package batchsink

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// replayed reads a trace and forms its batches again.
func replayed(t *testing.T, text []byte, policy string) Replay {
	t.Helper()
	report, err := ReplayTrace(bytes.NewReader(text), policy)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// recorded plays a random schedule and returns the latest file of its trace.
func recorded(t *testing.T, seed uint64, frames int, edit func(*chaos)) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), fmt.Sprint("trace", seed))
	virtual(t, func(t *testing.T) {
		c := newChaos(seed)
		c.cfg.Trace = path
		if edit != nil {
			edit(c)
		}
		for _, wrong := range c.run(frames) {
			t.Errorf("schedule %d: %s", seed, wrong)
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// longChaos is a schedule of ten minutes, or one for the slow race detector, with
// everything that may go wrong but an early stop.
func longChaos(t *testing.T) (text []byte, least time.Duration) {
	frames, least := 116_000, 10*time.Minute
	if raceDetector {
		frames, least = frames/10, least/10
	}
	return recorded(t, 21, frames, func(c *chaos) {
		c.whole, c.brief = true, true
		c.cfg.Policy, c.cfg.Instances, c.cfg.TraceSize = "adaptive", 2, 1<<30
		c.cfg.MaxBatchSize, c.cfg.MaxLatency, c.cfg.QueueCapacity, c.traits.Stateful = 8, 40*time.Millisecond, 0, false
	}), least
}

func TestTenMinutesOfChaosReplay(t *testing.T) {
	text, least := longChaos(t)
	same := replayed(t, text, "")
	t.Logf("%d batches, %d records, %v, %d bytes", same.Batches, same.Records, same.Span, len(text))
	if !same.Same() || !same.Ended || same.Lost > 0 || same.Cut {
		t.Errorf("it is replayed as %+v", same)
	}
	if same.Span < least || same.Batches < 4000 {
		t.Errorf("%d batches in %v are no %v of chaos", same.Batches, same.Span, least)
	}
	for _, policy := range []string{"window", "fill", "eager"} {
		other := replayed(t, text, policy)
		if other.Different == 0 || other.Impossible > 0 || len(other.First) == 0 {
			t.Errorf("under %s: %+v", policy, other)
		}
	}
}

func TestRandomSchedulesReplay(t *testing.T) {
	batches, n := 0, schedules(300)
	for seed := range n {
		same := replayed(t, recorded(t, uint64(seed), 200, nil), "")
		if batches += same.Batches; !same.Same() || !same.Ended {
			t.Fatalf("schedule %d is replayed as %+v", seed, same)
		}
	}
	if batches < n {
		t.Errorf("%d schedules have %d batches", n, batches)
	}
}

// A record that is missing is noticed by the count in the next batch; and where
// that is mended, for some records of every kind, by the batches themselves.
func TestControlAMissingRecordIsNoticed(t *testing.T) {
	if raceDetector {
		t.Skip("nothing in it runs at once with anything else")
	}
	noticed := map[byte]int{}
	for _, policy := range []string{"fill", "adaptive"} {
		text := recorded(t, 21, 1600, func(c *chaos) {
			c.whole, c.brief = true, true
			c.cfg.Policy, c.cfg.MaxBatchSize, c.cfg.QueueCapacity, c.traits.Stateful = policy, 8, 0, false
		})
		leaveOut(t, strings.SplitAfter(string(text), "\n"), noticed)
	}
	for _, kind := range []byte("SADslcqabgw") {
		if noticed[kind] == 0 {
			t.Errorf("records of kind %c were left out one at a time, and every batch was formed as before", kind)
		}
	}
}

// leaveOut leaves out one record at a time, some of every kind, and counts whose
// absence the batches show.
func leaveOut(t *testing.T, lines []string, noticed map[byte]int) {
	lastBatch := 0
	ofKind := map[byte][]int{}
	for i, l := range lines[1 : len(lines)-1] {
		ofKind[l[0]] = append(ofKind[l[0]], i+1)
		if l[0] == 'b' {
			lastBatch = i + 1
		}
	}
	for kind, all := range ofKind {
		for n := 0; n < len(all); n += 1 + len(all)/25 {
			i := all[n]
			without := slices.Delete(slices.Clone(lines), i, i+1)
			if _, err := ReplayTrace(strings.NewReader(strings.Join(without, "")), ""); err == nil && i < lastBatch {
				t.Errorf("line %d, %q, can be left out unseen", i+1, lines[i])
			}
			if !replayed(t, []byte(renumbered(without)), "").Same() {
				noticed[kind]++
			}
		}
	}
}

// renumbered mends the batches' counts of the records before them.
func renumbered(lines []string) string {
	var b strings.Builder
	for i, l := range lines {
		if fields := strings.Fields(l); strings.HasPrefix(l, "b ") && len(fields) > 5 {
			fields[5] = fmt.Sprint(i - 1)
			l = strings.Join(fields, " ") + "\n"
		}
		b.WriteString(l)
	}
	return b.String()
}

// Each file of a trace can be replayed without the ones before; and so can what
// follows a loss.
func TestEveryFileReplays(t *testing.T) {
	pairs := 0
	for seed := range uint64(6) {
		path := filepath.Join(t.TempDir(), "trace")
		virtual(t, func(t *testing.T) {
			c := newChaos(seed)
			c.whole, c.brief, c.cfg.Trace, c.cfg.TraceSize = true, true, path, 64<<10
			c.run(6000)
		})
		before, err := os.ReadFile(path + ".1")
		if err != nil {
			continue
		}
		pairs++
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, last := replayed(t, before, ""), replayed(t, after, "")
		if !first.Same() || first.Ended || !last.Same() || !last.Ended {
			t.Errorf("schedule %d is replayed as %+v, then %+v", seed, first, last)
		}
		_, records, _ := bytes.Cut(after, []byte("\n"))
		gap := slices.Concat(before, []byte("L 0 0 0 7\n"), records)
		both := replayed(t, []byte(renumbered(strings.SplitAfter(string(gap), "\n"))), "")
		if !both.Same() || both.Lost != 7 || both.Batches != first.Batches+last.Batches {
			t.Errorf("schedule %d with a loss is replayed as %+v", seed, both)
		}
	}
	if pairs < 4 {
		t.Errorf("%d of the traces have a second file", pairs)
	}
}

// A trace that cannot be written is an event, now and then, and nothing else.
func TestATraceThatCannotBeWrittenHarmsNothing(t *testing.T) {
	virtual(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Trace = filepath.Join(t.TempDir(), "nowhere", "trace")
		r := newRig(t, cfg, &fake{process: takes(time.Millisecond)})
		r.attach(2, FeedOptions{})
		for range 600 {
			r.mustSubmit("a", "b")
			time.Sleep(time.Second)
		}
		r.end()
		if events, _ := r.eventsOf(TraceFailed); len(events) < 8 || len(events) > 11 ||
			events[0].Processor != t.Name() || !strings.Contains(events[0].Text, "nowhere/trace: no such file") {
			t.Errorf("%d events: %+v", len(events), events)
		}
		equal(t, "delivered", r.Stats().Total.Outcomes[frame.Delivered], 1200)
	})
}

// Whatever a file says, it is replayed or refused.
func TestDamagedTracesAreSurvived(t *testing.T) {
	text := recorded(t, 3, 200, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		bad := bytes.Clone(text)
		for range 1 + rng.IntN(4) {
			switch i := rng.IntN(len(bad)); rng.IntN(3) {
			case 0:
				bad[i] = "0123456789 \n-\"{}[]:,sgwrlabq"[rng.IntN(28)]
			case 1:
				bad = slices.Delete(bad, i, min(len(bad), i+rng.IntN(20)))
			case 2:
				bad = slices.Insert(bad, i, []byte("99999")...)
			}
		}
		if rng.IntN(2) == 0 {
			bad = []byte(renumbered(strings.SplitAfter(string(bad), "\n")))
		}
		if report, _ := ReplayTrace(bytes.NewReader(bad), "fill"); report.Load != nil {
			report.Load.Under("eager")
		}
	}
}

// The model serves a simple load as a coordinator does: two feeds at 10 fps, in
// step, calls of 20 ms.
func TestTheModelServesLikeACoordinator(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	virtual(t, func(t *testing.T) {
		cfg := seed(func(c *Config) { c.MaxBatchSize, c.MaxLatency, c.Trace = 3, 30*time.Millisecond, path })
		r := newRig(t, cfg, &fake{process: takes(20 * time.Millisecond)})
		r.attach(2, FeedOptions{})
		for range 50 {
			r.mustSubmit("a", "b")
			time.Sleep(100 * time.Millisecond)
		}
		r.end()
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	load := replayed(t, text, "eager").Load
	want := Service{Offered: 100, Delivered: 100, Batches: 50, Fill: 2.0 / 3, P50: 50 * time.Millisecond, P99: 50 * time.Millisecond}
	equal(t, "recorded", load.Recorded(), want)
	for policy, latency := range map[string]time.Duration{"window": 50 * time.Millisecond, "eager": 40 * time.Millisecond} {
		got, err := load.Under(policy)
		if err != nil {
			t.Fatal(err)
		}
		if policy == "eager" { // which calls for the first of the two alone
			equal(t, "batches", got.Batches, 100)
			equal(t, "p99", got.P99, latency)
			continue
		}
		equal(t, policy, got, want)
	}
	if _, err := load.Under("first"); err == nil {
		t.Error("there is a policy called first")
	}
	if _, err := (&Load{header: load.header}).Under("eager"); !errors.Is(err, ErrNoCalls) {
		t.Errorf("a load without calls: %v", err)
	}
}
