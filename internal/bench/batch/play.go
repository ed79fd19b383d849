package batch

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
)

// Span says how long a load is played. What happens in the warm-up, in which
// adaptive learns what calls cost, is left out of the figures.
type Span struct{ WarmUp, For time.Duration }

// Run is what one playing of a load has given, by the answers of its span.
type Run struct {
	For time.Duration
	// Latencies are from submission to answer, ascending.
	Latencies []time.Duration
	// Served is the answers of each feed.
	Served []int
	// Fill is the mean batch size over the largest possible.
	Fill float64
	// LongestPassedOver is the longest run of batches that left without an
	// entry of a feed that had one waiting.
	LongestPassedOver uint64
	// CPU is what the process used, cameras and processor included.
	CPU time.Duration
}

// Play has the load served by a policy for a span. The seed decides on the
// cameras' phases and jitter. It returns when all is stopped; if ctx ends
// before the span does, with the reason.
func Play(ctx context.Context, policy string, l Load, s Span, seed uint64) (Run, error) {
	if err := errors.Join(l.Validate(), CheckPolicy(policy, Load{})); err != nil {
		return Run{}, err
	}
	factory := func() (batchsink.Processor, error) { return sleeper(l.Cost), nil }
	h, err := batchsink.New(ctx, "bench", l.config(policy), factory, batchsink.Options{})
	if err != nil {
		return Run{}, err
	}
	defer h.Stop(context.Background())
	now := time.Now()
	counted := interval{now.Add(s.WarmUp), now.Add(s.WarmUp + s.For)}
	feeds := make([]*feed, l.Feeds)
	for i := range feeds {
		if feeds[i], err = attach(h, i, l, counted); err != nil {
			return Run{}, err
		}
	}
	playing, end := context.WithCancel(ctx)
	var cameras sync.WaitGroup
	for i, f := range feeds {
		cameras.Go(func() {
			if l.FPS == 0 {
				f.loop(playing)
			} else {
				f.camera(playing, l.FPS, rand.New(rand.NewPCG(seed, uint64(i))))
			}
		})
	}
	r, err := watch(ctx, h, counted)
	end()
	cameras.Wait()
	for _, f := range feeds {
		f.port.Detach() // after it the answers are complete
		r.Served = append(r.Served, len(f.latencies))
		r.Latencies = append(r.Latencies, f.latencies...)
	}
	slices.Sort(r.Latencies)
	return r, err
}

// watch reads the figures that are the coordinator's own, over the interval.
func watch(ctx context.Context, h *batchsink.Handle, counted interval) (Run, error) {
	if err := until(ctx, counted.from); err != nil {
		return Run{}, err
	}
	before, cpu := h.Stats(), cpuTime()
	if err := until(ctx, counted.to); err != nil {
		return Run{}, err
	}
	after := h.Stats()
	r := Run{For: counted.to.Sub(counted.from), CPU: cpuTime() - cpu}
	if batches := after.Size.Count - before.Size.Count; batches > 0 {
		r.Fill = (after.Size.Sum - before.Size.Sum) / float64(batches) / float64(after.LargestBatch)
	}
	for _, f := range after.Feeds {
		r.LongestPassedOver = max(r.LongestPassedOver, f.LongestPassedOver)
	}
	return r, nil
}

// sleeper is a processor that takes its time and does nothing with it.
type sleeper Cost

func (sleeper) Start(context.Context) error { return nil }
func (sleeper) Stop() error                 { return nil }
func (sleeper) Traits() frame.Traits        { return frame.Traits{} }

func (s sleeper) Process(_ context.Context, batch []frame.Entry) error {
	time.Sleep(Cost(s).Of(len(batch)))
	return nil
}

// Bare is the frames per second that full batches would be served at by
// nothing but a loop of the same calls, on a goroutine locked to its thread as a
// processor's is: what no coordinator exceeds.
func Bare(ctx context.Context, l Load, d time.Duration) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	batch := make([]frame.Entry, l.Size)
	calls, began := 0, time.Now()
	for ; time.Since(began) < d && ctx.Err() == nil; calls++ {
		_ = sleeper(l.Cost).Process(ctx, batch)
	}
	return float64(calls*l.Size) / time.Since(began).Seconds()
}

func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
