package batchsink

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// schedules is how many random schedules a property is tried on: n, or what
// NVPIPE_SCHEDULES says. The race detector, five times slower, gets a tenth.
func schedules(n int) int {
	if s, err := strconv.Atoi(os.Getenv("NVPIPE_SCHEDULES")); err == nil {
		return s
	}
	if testing.Short() || raceDetector {
		return n / 10
	}
	return n
}

// bench is a former driven directly, with an independent account of what it
// promised each entry.
type bench struct {
	former
	rng     *rand.Rand
	now     time.Duration
	batches uint64
	promise map[*entry]uint64 // the last batch that may take it
	order   map[*line]*entry  // the latest taken
}

func newBench(rng *rand.Rand, size int) *bench {
	c := DefaultConfig()
	c.MaxBatchSize, c.Policy = size, "eager"
	return &bench{former: newFormer(shape{largest: size}, c), rng: rng, promise: map[*entry]uint64{}, order: map[*line]*entry{}}
}

func (b *bench) join(cap int, weight float64) *line {
	l := &line{cap: cap, depth: cap, weight: weight, live: true}
	b.attach(l, b.now)
	return l
}

func (b *bench) leave(l *line) {
	for l.head != nil {
		delete(b.promise, l.head)
		b.remove(l.head)
	}
	b.detach(l)
}

// submit queues an entry and works out what it is promised from the formula.
func (b *bench) submit(l *line) {
	b.now++
	e := &entry{line: l}
	b.add(e, b.now)
	sum := 0
	for _, j := range b.lines {
		sum += max(j.cap, ceil(j.weight/l.weight))
	}
	b.promise[e] = b.batches + uint64((sum+b.shape.largest-1)/b.shape.largest)
}

// cutOne takes the next batch and returns what is wrong with it.
func (b *bench) cutOne() error {
	b.batches++
	b.now++
	batch := b.cut(ReasonFull, nil)
	for _, e := range batch {
		if last := b.order[e.line]; last != nil && last.submitted > e.submitted {
			return fmt.Errorf("batch %d: an entry overtakes one of its own feed", b.batches)
		}
		b.order[e.line] = e
		delete(b.promise, e)
	}
	for e, by := range b.promise {
		if b.batches >= by {
			return fmt.Errorf("batch %d: an entry (cap %d, weight %g) promised to be in batch %d is not", b.batches, e.line.cap, e.line.weight, by)
		}
	}
	if want := min(b.shape.largest, len(batch)+b.queued); len(batch) != want {
		return fmt.Errorf("batch %d: %d entries, %d could be taken", b.batches, len(batch), want)
	}
	return nil
}

var weights = []float64{.1, .5, 1, 1, 1, 1.7, 2, 3, 10}

// wild runs one schedule of feeds that come, go and submit as they like, greedy
// ones among them, and returns the first breach of the bound.
func wild(seed uint64, frames int) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := newBench(rng, 1+rng.IntN(8))
	for range 1 + rng.IntN(10) {
		b.join(1+rng.IntN(maxCap), weights[rng.IntN(len(weights))])
	}
	greed := rng.Float64()
	for frames > 0 {
		for _, l := range b.lines {
			for l.length < l.cap && rng.Float64() < greed {
				b.submit(l)
				frames--
			}
		}
		switch rng.IntN(40) {
		case 0:
			b.join(1+rng.IntN(maxCap), weights[rng.IntN(len(weights))])
		case 1:
			if len(b.lines) > 1 {
				b.leave(b.lines[rng.IntN(len(b.lines))])
			}
		}
		if b.queued > 0 {
			if err := b.cutOne(); err != nil {
				return fmt.Errorf("schedule %d: %w", seed, err)
			}
		} else {
			frames-- // nobody wanted anything; go on, but not for ever
		}
	}
	return nil
}

func TestEveryEntryIsTakenWithinItsBound(t *testing.T) {
	for seed := range uint64(schedules(10_000)) {
		if err := wild(seed, 200); err != nil {
			t.Fatal(err)
		}
	}
}

// shares runs feeds that always have all their cap allows queued, for many
// batches of one, and compares what each got with its weight. It is exact where
// the caps are 1; with more, a feed may be given more than its share to keep
// the bound of its later entries.
func shares(seed uint64, choose func(*former, int) *line) error {
	rng := rand.New(rand.NewPCG(seed, 2))
	b := newBench(rng, 1)
	b.choose = choose
	sum := 0.0
	for range 2 + rng.IntN(8) {
		w := weights[rng.IntN(len(weights))]
		b.join(1, w)
		sum += w
	}
	served := map[*line]int{}
	const batches = 2000
	for range batches {
		for _, l := range b.lines {
			if l.length == 0 {
				b.submit(l)
			}
		}
		for _, e := range b.cut(ReasonFull, nil) {
			served[e.line]++
		}
	}
	for _, l := range b.lines {
		want := batches * l.weight / sum
		if got := float64(served[l]); got < .9*want-2 || got > 1.1*want+2 {
			return fmt.Errorf("schedule %d: a feed of weight %g of %g got %g of %d, its share is %.0f", seed, l.weight, sum, got, batches, want)
		}
	}
	return nil
}

func TestSharesFollowWeights(t *testing.T) {
	for seed := range uint64(schedules(10_000) / 50) {
		if err := shares(seed, (*former).fairest); err != nil {
			t.Fatal(err)
		}
	}
}

// Plain first in, first out is what the two properties above must tell from
// fair choice.
func TestControlFIFOIsFound(t *testing.T) {
	fifo := func(f *former, _ int) *line { return f.oldestShared().line }
	for seed := range uint64(20) {
		if err := shares(seed, fifo); err != nil {
			t.Log("found:", err)
			return
		}
	}
	t.Error("nobody notices that entries are chosen first in, first out")
}

// Serving only by share, without the bound, must be noticed too.
func TestControlUnboundedShareIsFound(t *testing.T) {
	byShare := func(f *former, _ int) *line {
		var best *line
		for _, l := range f.lines {
			if l.head != nil && (best == nil || l.pass < best.pass) {
				best = l
			}
		}
		return best
	}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := newBench(rng, 1+rng.IntN(4))
		b.choose = byShare
		for range 4 {
			b.join(1+rng.IntN(maxCap), weights[rng.IntN(len(weights))])
		}
		for range 100 {
			for _, l := range b.lines {
				for l.length < l.cap {
					b.submit(l)
				}
			}
			if err := b.cutOne(); err != nil {
				t.Log("found:", err)
				return
			}
		}
	}
	t.Error("nobody notices that the bound is not kept")
}

// The former has no clock and no chance in it: fed the same, it does the same.
func TestSameInputsMakeTheSameBatches(t *testing.T) {
	record := func(seed uint64) (log string) {
		rng := rand.New(rand.NewPCG(seed, 6))
		b := newBench(rng, 4)
		for i := range 5 {
			b.join(2, weights[i])
		}
		for range 200 {
			b.submit(b.lines[rng.IntN(5)])
			if rng.IntN(3) == 0 {
				for _, e := range b.cut(ReasonFull, nil) {
					log += fmt.Sprint(e.submitted, e.by, " ")
				}
			}
		}
		return log
	}
	for seed := range uint64(10) {
		if record(seed) != record(seed) {
			t.Fatalf("schedule %d is played differently the second time", seed)
		}
	}
}

// A feed that was away catches up a little, and no more.
func TestCreditIsLimited(t *testing.T) {
	b := newBench(rand.New(rand.NewPCG(1, 1)), 1)
	away, busy := b.join(1, 1), b.join(1, 1)
	fill := func(lines ...*line) {
		for _, l := range lines {
			if l.length == 0 {
				b.submit(l)
			}
		}
	}
	for range 1000 {
		fill(busy)
		b.cut(ReasonFull, nil)
	}
	got := 0
	for range 40 {
		fill(busy, away)
		if b.cut(ReasonFull, nil)[0].line == away {
			got++
		}
	}
	if got < 20 || got > 20+credit {
		t.Errorf("%d of 40 after being away", got)
	}
}
