package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/graphtest"
	"github.com/nvpipe/nvpipe/processors"
)

// bench joins feeds on scripted graphs with real coordinators, in virtual time.
type bench struct {
	t              *testing.T
	things, second *batchsink.Handle
	feeds          map[frame.FeedID]*benchFeed

	mu      sync.Mutex
	batches [][]frame.FeedID // of the second processor
}

type benchFeed struct {
	*pipeline.Feed
	graphs  graphtest.Builder
	lanes   []*lane
	partial int
	done    chan struct{}
}

// boxesOf is how many things the first processor finds in a picture of a feed.
var boxesOf = map[frame.FeedID]int{"crowded": 8, "quiet": 1}

func newBench(t *testing.T, c batchsink.Config) *bench {
	b := &bench{t: t, feeds: map[frame.FeedID]*benchFeed{}}
	b.things = b.coordinator("things", batchsink.DefaultConfig(), processors.Each(func(_ context.Context, e *frame.Entry) error {
		for i := range boxesOf[e.Frame.Feed] {
			x := float32(i) / 8
			e.Output.Detections = append(e.Output.Detections, frame.Detection{
				Confidence: .5, Box: frame.Box{XMin: x, XMax: x + .125, YMax: 1},
			})
		}
		return nil
	}))
	b.second = b.coordinator("second", c, processors.Func(b.process))
	return b
}

func (b *bench) coordinator(name string, c batchsink.Config, p processors.Processor) *batchsink.Handle {
	b.t.Helper()
	h, err := batchsink.New(b.t.Context(), name, c, func() (batchsink.Processor, error) { return p, nil }, batchsink.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// process takes 100 ms, and fails the crop at the picture's left edge.
func (b *bench) process(_ context.Context, batch []frame.Entry) error {
	var feeds []frame.FeedID
	for i := range batch {
		feeds = append(feeds, batch[i].Frame.Feed)
		if batch[i].Region.XMin == 0 && batch[i].Frame.Feed == "crowded" {
			batch[i].Err = errors.New("this crop fails")
		}
	}
	b.mu.Lock()
	b.batches = append(b.batches, feeds)
	b.mu.Unlock()
	time.Sleep(100 * time.Millisecond) // virtual
	return nil
}

func (f *benchFeed) Deliver(_ *frame.Frame, findings []frame.Finding) {
	if findings[0].Result.Partial {
		f.partial++
	}
}

func (b *bench) add(id frame.FeedID) *benchFeed {
	b.t.Helper()
	f := &benchFeed{done: make(chan struct{})}
	s := pipeline.Settings{Source: pipeline.DefaultSource(), Build: f.graphs.Build, Taps: []pipeline.Tap{f}}
	s.Source.RTSP.URL = "rtsp://camera.test/"
	crops := pipeline.DefaultCropConfig()
	crops.Of, crops.Margin = "things", 0
	for i, c := range []pipeline.ProcessorConfig{{}, {Crops: crops}} {
		l := &lane{index: i, opts: batchsink.FeedOptions{MaxParts: c.Crops.Most}}
		f.lanes = append(f.lanes, l)
		s.Processors = append(s.Processors, pipeline.Processor{Name: []string{"things", "second"}[i], Batcher: l, Config: c})
	}
	feed, err := pipeline.New(id, pipeline.DefaultConfig(), s)
	if err != nil {
		b.t.Fatal(err)
	}
	f.Feed = feed
	for i, h := range []*batchsink.Handle{b.things, b.second} {
		f.lanes[i].feed = feed
		if err := f.lanes[i].attach(h); err != nil {
			b.t.Fatal(err)
		}
	}
	go func() {
		defer close(f.done)
		_ = feed.Run(b.t.Context())
	}()
	synctest.Wait()
	b.feeds[id] = f
	return f
}

// frame lets a frame of a feed come and waits a moment: less than the second
// processor takes.
func (f *benchFeed) frame() {
	f.graphs.Last().Frame()
	time.Sleep(10 * time.Millisecond) // virtual
	synctest.Wait()
}

func (b *bench) stop() {
	b.t.Helper()
	ctx := context.Background()
	for _, f := range b.feeds {
		if err := f.StopInput(ctx); err != nil {
			b.t.Error(err)
		}
	}
	for _, h := range []*batchsink.Handle{b.things, b.second} {
		if err := h.Stop(ctx); err != nil {
			b.t.Error(err)
		}
	}
	for id, f := range b.feeds {
		if err := f.Close(ctx); err != nil {
			b.t.Error(err)
		}
		<-f.done
		for i := range f.lanes {
			if got := f.Ledger(i); got.Sum() != f.Decoded() || f.Pending() != 0 {
				b.t.Errorf("%s, processor %d: %v of %d frames, %d pending", id, i, got, f.Decoded(), f.Pending())
			}
		}
		if n := f.graphs.Pool.Out(); n != 0 {
			b.t.Errorf("%s: %d frames are still held", id, n)
		}
	}
}

// The cap counts frames, the queue and its turns count crops, and a frame whose
// crops are spread over batches is answered once.
func TestCropsAtTheCoordinator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := batchsink.DefaultConfig()
		c.MaxBatchSize, c.Policy, c.IsolateFailures = 3, "eager", false
		b := newBench(t, c)
		crowded, quiet := b.add("crowded"), b.add("quiet")
		if n := b.second.Stats().QueueCapacity; n < 16 {
			t.Errorf("the queue has room for %d crops, two feeds may have 8 each", n)
		}
		crowded.frame() // three of its eight crops are taken
		quiet.frame()   // one more, behind the five that wait
		crowded.frame() // this frame is one too many
		s := b.second.Stats()
		if s.QueueLength != 6 || s.Total.Submitted != 2 {
			t.Errorf("%d crops wait of %d frames, want 6 of 2", s.QueueLength, s.Total.Submitted)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for i, want := range []int{3, 3, 3, 3, 3, 2} {
			if got := len(b.batches[i]); got != want {
				t.Errorf("batch %d has %d crops, want %d", i, got, want)
			}
		}
		if !slices.Contains(b.batches[1], "quiet") {
			t.Errorf("batches %v: the quiet feed's crop is not in the next", b.batches)
		}
		for f, partial := range map[*benchFeed]int{crowded: 2, quiet: 0} {
			if l := f.Ledger(1); l.Sum() != l[frame.Delivered] || f.partial != partial {
				t.Errorf("%s: %v, %d partial, want %d", f.ID(), l, f.partial, partial)
			}
		}
		b.stop()
	})
}

// A stop while crops of a frame are queued, in a batch and answered settles the
// frame once.
func TestStopBetweenTheCropsOfAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := batchsink.DefaultConfig()
		c.MaxBatchSize, c.Policy, c.IsolateFailures = 3, "eager", false
		b := newBench(t, c)
		crowded := b.add("crowded")
		crowded.frame()
		time.Sleep(100 * time.Millisecond) // the second of three batches is under way
		crowded.frame()
		b.stop()
		if l := crowded.Ledger(1); l.Sum() != 2 || l[frame.Stopped] == 0 {
			t.Errorf("%v", l)
		}
	})
}
