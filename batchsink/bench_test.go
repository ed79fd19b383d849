package batchsink

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// noop is the processor that costs nothing.
type noop struct{}

func (noop) Start(context.Context) error                  { return nil }
func (noop) Process(context.Context, []frame.Entry) error { return nil }
func (noop) Stop() error                                  { return nil }
func (noop) Traits() frame.Traits                         { return frame.Traits{} }

// sleeper costs 4 ms + 1 ms for each entry, as sleeps do.
type sleeper struct{ noop }

func (sleeper) Process(_ context.Context, batch []frame.Entry) error {
	time.Sleep(sleepFor(len(batch)))
	return nil
}

func sleepFor(n int) time.Duration { return 4*time.Millisecond + time.Duration(n)*time.Millisecond }

func benchHandle(b *testing.B, cfg Config, p Processor) *Handle {
	h, err := New(context.Background(), b.Name(), cfg, func() (Processor, error) { return p, nil }, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Stop(context.Background()) })
	return h
}

func benchFrame(feed frame.FeedID) *frame.Frame {
	f := &frame.Frame{Feed: feed}
	f.Init(nil)
	return f
}

// trips are a feed's round trip through a coordinator, and what any design must
// pay for one: a value to a goroutine locked to its thread, and one back.
func trips(b *testing.B) (trip, floor func()) {
	h := benchHandle(b, DefaultConfig(), noop{})
	p, err := h.Attach("feed", FeedOptions{})
	if err != nil {
		b.Fatal(err)
	}
	f, ctx := benchFrame("feed"), context.Background()
	trip = func() {
		if r, err := p.SubmitAndWait(ctx, f, frame.ViewState{}); err != nil || r.Outcome != frame.Delivered {
			b.Fatal(r.Outcome, err)
		}
	}
	ping, pong := make(chan int, 1), make(chan int, 1)
	go func() {
		runtime.LockOSThread()
		for v := range ping {
			pong <- v
		}
	}()
	b.Cleanup(func() { close(ping) })
	return trip, func() {
		ping <- 1
		<-pong
	}
}

// BenchmarkRoundTrip is one feed that submits and waits, with nothing to do in
// between.
func BenchmarkRoundTrip(b *testing.B) {
	trip, _ := trips(b)
	b.ReportAllocs()
	for b.Loop() {
		trip()
	}
}

// BenchmarkRoundTripFloor is the bare ping-pong.
func BenchmarkRoundTripFloor(b *testing.B) {
	_, floor := trips(b)
	b.ReportAllocs()
	for b.Loop() {
		floor()
	}
}

// BenchmarkRoundTripBesideFloor takes both in turn, so that whatever else the
// machine does meets both; x-floor is the ratio of their medians.
func BenchmarkRoundTripBesideFloor(b *testing.B) { beside(b, 0, 500) }

// BenchmarkRoundTripPaced is the same for a feed that rests before each frame,
// as cameras do.
func BenchmarkRoundTripPaced(b *testing.B) { beside(b, 2*time.Millisecond, 1) }

func beside(b *testing.B, rest time.Duration, block int) {
	trip, floor := trips(b)
	var ours, theirs []float64
	time1 := func(f func()) float64 {
		time.Sleep(rest)
		began := time.Now()
		for range block {
			f()
		}
		return float64(time.Since(began).Nanoseconds()) / float64(block)
	}
	for b.Loop() {
		ours = append(ours, time1(trip))
		theirs = append(theirs, time1(floor))
	}
	b.ReportMetric(at(ours, .5), "ns/trip")
	b.ReportMetric(at(theirs, .5), "floor-ns/trip")
	b.ReportMetric(at(ours, .5)/at(theirs, .5), "x-floor")
	b.ReportMetric(at(ours, .99), "p99-ns/trip")
}

// BenchmarkSaturation is more feeds than the processor can serve: entries per
// second that come through in batches of eight.
func BenchmarkSaturation(b *testing.B) {
	cfg := DefaultConfig()
	cfg.MaxBatchSize = 8
	h := benchHandle(b, cfg, sleeper{})
	left := make(chan struct{}, b.N)
	for range b.N {
		left <- struct{}{}
	}
	close(left)
	var feeds sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i := range 24 {
		id := feedName(i)
		p, err := h.Attach(id, FeedOptions{})
		if err != nil {
			b.Fatal(err)
		}
		feeds.Go(func() {
			f := benchFrame(id)
			for range left {
				p.SubmitAndWait(context.Background(), f, frame.ViewState{})
			}
		})
	}
	feeds.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkSaturationFloor is the bare loop of the same sleeps.
func BenchmarkSaturationFloor(b *testing.B) {
	for n := b.N; n > 0; n -= 8 {
		time.Sleep(sleepFor(8))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkSubmitFromManyThreads is as many cameras as threads can be, all
// submitting for themselves at once: time per submission and answer.
func BenchmarkSubmitFromManyThreads(b *testing.B) {
	cfg := DefaultConfig()
	cfg.MaxBatchSize = 16
	h := benchHandle(b, cfg, noop{})
	n := 0
	var mu sync.Mutex
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		mu.Lock()
		id := feedName(n)
		n++
		mu.Unlock()
		p, err := h.Attach(id, FeedOptions{})
		if err != nil {
			b.Error(err)
			return
		}
		f := benchFrame(id)
		for pb.Next() {
			p.SubmitAndWait(context.Background(), f, frame.ViewState{})
		}
	})
}

// BenchmarkIdleStop is stopping a coordinator that has nothing to do, beside
// ending a bare goroutine locked to its thread; max-ms is the longest.
func BenchmarkIdleStop(b *testing.B) {
	var ours, theirs []float64
	time1 := func(stop func()) float64 {
		time.Sleep(time.Millisecond)
		began := time.Now()
		stop()
		return float64(time.Since(began)) / 1e6
	}
	for b.Loop() {
		h, err := New(context.Background(), "idle", DefaultConfig(), func() (Processor, error) { return noop{}, nil }, Options{})
		if err != nil {
			b.Fatal(err)
		}
		ours = append(ours, time1(func() { h.Stop(context.Background()) }))
		end, ended := make(chan bool), make(chan bool)
		go func() {
			runtime.LockOSThread()
			defer close(ended)
			<-end
		}()
		theirs = append(theirs, time1(func() {
			close(end)
			<-ended
		}))
	}
	b.ReportMetric(at(ours, .5), "p50-ms")
	b.ReportMetric(at(ours, 1), "max-ms")
	b.ReportMetric(at(theirs, .5), "floor-p50-ms")
	b.ReportMetric(at(theirs, 1), "floor-max-ms")
}

// at is a quantile; it sorts the values.
func at(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[int(q*float64(len(values)-1))]
}
