package batch

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Floor is what the same sleeps and wake-ups cost on this machine without a
// coordinator, so that its noise is not taken for a policy's: in a closed loop
// cameras that meet at a bare barrier, as many as fit into a batch; else frames
// that are each processed alone, at once, by a goroutine locked to its thread.
// The cost of what any design must do: a frame handed over, a call, an answer.
func Floor(ctx context.Context, l Load, d time.Duration, seed uint64) Run {
	together := 1
	if l.FPS == 0 {
		together = min(l.Feeds, l.Size)
	}
	b := &barrier{cost: l.Cost.Of(together), together: together, arrived: make(chan chan bool, together), end: time.Now().Add(d)}
	var all sync.WaitGroup
	all.Go(func() { b.serve(ctx) })
	latencies := make([][]time.Duration, together)
	for i := range together {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() { latencies[i] = b.visit(l, rng) })
	}
	all.Wait()
	r := Run{For: d, Latencies: slices.Concat(latencies...)}
	for _, one := range latencies {
		r.Served = append(r.Served, len(one))
	}
	slices.Sort(r.Latencies)
	return r
}

// barrier answers as many visitors as come together, after what a call costs.
type barrier struct {
	cost     time.Duration
	together int
	arrived  chan chan bool
	end      time.Time
}

// serve tells the visitors of each call whether there is another.
func (b *barrier) serve(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	batch := make([]chan bool, 0, b.together)
	for more := true; more; {
		for len(batch) < b.together {
			batch = append(batch, <-b.arrived)
		}
		time.Sleep(b.cost)
		more = ctx.Err() == nil && time.Now().Before(b.end)
		for _, answer := range batch {
			answer <- more
		}
		batch = batch[:0]
	}
}

// visit goes in again and again, at once in a closed loop, else after pauses as
// long as those between the frames of all cameras.
func (b *barrier) visit(l Load, rng *rand.Rand) (latencies []time.Duration) {
	answer := make(chan bool, 1)
	for more := true; more; {
		if l.FPS > 0 {
			time.Sleep(time.Duration((.5 + rng.Float64()) * float64(time.Second) / (l.FPS * float64(l.Feeds))))
		}
		submitted := time.Now()
		b.arrived <- answer
		more = <-answer
		latencies = append(latencies, time.Since(submitted))
	}
	return latencies
}
