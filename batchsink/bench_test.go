package batchsink

import (
	"context"
	"runtime"
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

// BenchmarkRoundTrip is one feed that submits and waits, with nothing to do in
// between.
func BenchmarkRoundTrip(b *testing.B) {
	h := benchHandle(b, DefaultConfig(), noop{})
	p, err := h.Attach("feed", FeedOptions{})
	if err != nil {
		b.Fatal(err)
	}
	f := benchFrame("feed")
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if r, err := p.SubmitAndWait(ctx, f, frame.ViewState{}); err != nil || r.Outcome != frame.Delivered {
			b.Fatal(r.Outcome, err)
		}
	}
}

// BenchmarkRoundTripFloor is what any design must pay: one value to a goroutine
// locked to its thread, and one back.
func BenchmarkRoundTripFloor(b *testing.B) {
	ping, pong := make(chan int, 1), make(chan int, 1)
	go func() {
		runtime.LockOSThread()
		for v := range ping {
			pong <- v
		}
	}()
	defer close(ping)
	b.ReportAllocs()
	for b.Loop() {
		ping <- 1
		<-pong
	}
}

const pause = 2 * time.Millisecond

// BenchmarkRoundTripPaced is the same with a feed that rests between frames.
func BenchmarkRoundTripPaced(b *testing.B) {
	h := benchHandle(b, DefaultConfig(), noop{})
	p, err := h.Attach("feed", FeedOptions{})
	if err != nil {
		b.Fatal(err)
	}
	f := benchFrame("feed")
	ctx := context.Background()
	benchPaced(b, func() { p.SubmitAndWait(ctx, f, frame.ViewState{}) })
}

// BenchmarkRoundTripPacedFloor is the ping-pong with rests.
func BenchmarkRoundTripPacedFloor(b *testing.B) {
	ping, pong := make(chan int, 1), make(chan int, 1)
	go func() {
		runtime.LockOSThread()
		for v := range ping {
			pong <- v
		}
	}()
	defer close(ping)
	benchPaced(b, func() { ping <- 1; <-pong })
}

func benchPaced(b *testing.B, trip func()) {
	b.ReportAllocs()
	var total time.Duration
	for b.Loop() {
		time.Sleep(pause)
		began := time.Now()
		trip()
		total += time.Since(began)
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns/trip")
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
