package memory_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/memory"
)

// leaky is a processor that leaks 1 MB with each batch.
type leaky struct{ leaked atomic.Int64 }

func (*leaky) Start(context.Context) error { return nil }
func (*leaky) Stop() error                 { return nil }
func (*leaky) Traits() frame.Traits        { return frame.Traits{} }

func (l *leaky) Process(context.Context, []frame.Entry) error {
	l.leaked.Add(1e6)
	return nil
}

func (l *leaky) resident() (int64, error) { return 200e6 + l.leaked.Load(), nil }

// played is what became of a feed at such a processor.
type played struct {
	events []memory.Event
	first  time.Duration // after which the first event came
	ended  time.Duration // after which the program was told to end, if it was
	stats  batchsink.Stats
}

// play has a feed submit a frame each pause, until the program is to end.
func play(t *testing.T, c memory.Config, pause, long time.Duration) (p played) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := &leaky{}
		ctx, end := context.WithTimeout(context.Background(), long)
		defer end()
		w := memory.New(c, memory.Options{
			Read: l.resident,
			OnEvent: func(e memory.Event) {
				if p.events = append(p.events, e); len(p.events) == 1 {
					p.first = time.Since(began)
				}
			},
			OnFatal: func(error) { p.ended = time.Since(began); end() },
		})
		w.Start()
		h, err := batchsink.New(ctx, "leaky", batchsink.DefaultConfig(), func() (batchsink.Processor, error) { return l, nil }, batchsink.Options{})
		if err != nil {
			t.Fatal(err)
		}
		port, err := h.Attach("gate", batchsink.FeedOptions{Settled: func(*batchsink.Ticket) {}})
		if err != nil {
			t.Fatal(err)
		}
		for ctx.Err() == nil {
			f := &frame.Frame{Feed: "gate"}
			f.Init(nil)
			_, _ = port.Submit(f, frame.ViewState{})
			f.Release()
			time.Sleep(pause)
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		w.Stop()
		p.stats = h.Stats()
	})
	return p
}

// A batch a second leaks 57 MiB a minute, one in thirty seconds 1.9.
func TestFault60_LeakIsToldWithinTenMinutes(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, 30 * time.Second} {
		p := play(t, memory.Config{}, pause, 10*time.Minute)
		if len(p.events) != 1 || p.events[0].Kind != memory.Growing {
			t.Errorf("a batch each %v: events %v", pause, p.events)
		}
		t.Logf("after %v: %v", p.first, p.events)
	}
}

// The program ends when max_rss is exceeded, between batches: every frame that
// was accepted has its answer.
func TestFault60_TheProgramEndsAtMaxRSS(t *testing.T) {
	p := play(t, memory.Config{MaxRSS: 1 << 30}, time.Second, 24*time.Hour)
	if want := 15 * time.Minute; p.ended < 13*time.Minute || p.ended > want {
		t.Errorf("ended after %v, about 14 minutes are to be expected", p.ended)
	}
	c := p.stats.Total
	if c.Accepted == 0 || c.Outcomes[frame.Delivered] != c.Accepted || c.Pending() != 0 {
		t.Errorf("%d accepted, outcomes %v, %d pending", c.Accepted, c.Outcomes, c.Pending())
	}
	if n := len(p.events); n != 2 || p.events[n-1].Kind != memory.NearLimit {
		t.Errorf("events: %v", p.events)
	}
}
