package batchsink

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/batchsink/trace"
)

// replayed reads a trace and forms its batches again.
func replayed(t *testing.T, text []byte, policy string) Replay {
	t.Helper()
	r, err := trace.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	report, err := ReplayTrace(r, policy)
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
		c := newChaos(seed, sound)
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

// tenMinutes is a schedule of that length, with everything that may go wrong but
// an early stop.
func tenMinutes(t *testing.T) []byte {
	return recorded(t, 21, 116_000, func(c *chaos) {
		c.whole = true
		c.hang = func() { time.Sleep(2 * c.cfg.HangTimeout) }
		c.cfg.Policy, c.cfg.Instances, c.cfg.TraceSize = "adaptive", 2, 1<<30
		c.cfg.MaxBatchSize, c.cfg.MaxLatency, c.cfg.QueueCapacity, c.traits.Stateful = 8, 40*time.Millisecond, 0, false
	})
}

func TestTenMinutesOfChaosReplay(t *testing.T) {
	text := tenMinutes(t)
	same := replayed(t, text, "")
	t.Logf("%d batches, %d records, %v, %d bytes", same.Batches, same.Records, same.Span, len(text))
	if !same.Same() || !same.Ended || same.Lost > 0 || same.Cut {
		t.Errorf("it is replayed as %+v", same)
	}
	if same.Span < 10*time.Minute || same.Batches < 10_000 {
		t.Errorf("%d batches in %v are no ten minutes of chaos", same.Batches, same.Span)
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
	noticed := map[byte]int{}
	for _, policy := range []string{"fill", "adaptive"} {
		text := recorded(t, 21, 1600, func(c *chaos) {
			c.whole = true
			c.hang = func() { time.Sleep(2 * c.cfg.HangTimeout) }
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
			r, err := trace.NewReader(strings.NewReader(strings.Join(without, "")))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ReplayTrace(r, ""); err == nil && i < lastBatch {
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
		if strings.HasPrefix(l, "b ") {
			fields := strings.Fields(l)
			fields[5] = fmt.Sprint(i - 1)
			l = strings.Join(fields, " ") + "\n"
		}
		b.WriteString(l)
	}
	return b.String()
}
