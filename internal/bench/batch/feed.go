package batch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
)

// jitter is how far a frame may be from its place in the rhythm, as a share of
// the camera's interval, either way.
const jitter = .1

// interval is the time whose answers count.
type interval struct{ from, to time.Time }

// feed is one simulated camera. Its answers come one at a time, so that they
// need no lock; they are complete when its port is detached.
type feed struct {
	id        frame.FeedID
	port      *batchsink.Port
	counted   interval
	latencies []time.Duration
}

func attach(h *batchsink.Handle, i int, l Load, counted interval) (f *feed, err error) {
	f = &feed{id: frame.FeedID(fmt.Sprintf("feed-%04d", i)), counted: counted}
	var o batchsink.FeedOptions
	if l.FPS > 0 {
		o.Settled = func(t *batchsink.Ticket) { f.answered(t.Frame().Arrived, t.Result()) }
	}
	f.port, err = h.Attach(f.id, o)
	return f, err
}

// answered takes the time itself rather than the coordinator's word for it.
func (f *feed) answered(submitted time.Time, r frame.Result) {
	now := time.Now()
	if r.Outcome == frame.Delivered && !now.Before(f.counted.from) && now.Before(f.counted.to) {
		f.latencies = append(f.latencies, now.Sub(submitted))
	}
}

// loop submits a frame and waits for its answer, again and again.
func (f *feed) loop(ctx context.Context) {
	picture := f.frame()
	for ctx.Err() == nil {
		submitted := time.Now()
		r, err := f.port.SubmitAndWait(ctx, picture, frame.ViewState{})
		if err != nil {
			// After a timeout the place under the cap is free with the next batch.
			_ = until(ctx, time.Now().Add(time.Millisecond))
			continue
		}
		f.answered(submitted, r)
	}
}

// camera submits frames in its rhythm, whether or not they are accepted.
func (f *feed) camera(ctx context.Context, fps float64, rng *rand.Rand) {
	period := float64(time.Second) / fps
	began := time.Now()
	for due := rng.Float64() * period; ; due += period {
		at := due + (2*rng.Float64()-1)*jitter*period
		if until(ctx, began.Add(time.Duration(at))) != nil {
			return
		}
		picture := f.frame()
		_, _ = f.port.Submit(picture, frame.ViewState{})
		picture.Release()
	}
}

func (f *feed) frame() *frame.Frame {
	picture := &frame.Frame{Feed: f.id, Arrived: time.Now()}
	picture.Init(nil)
	return picture
}

// until waits for a time, or for the end of ctx, which it then returns.
func until(ctx context.Context, at time.Time) error {
	left := time.Until(at)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
