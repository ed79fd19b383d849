package gstgraph

import (
	"sync"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// keeper is a processor that takes frames and never answers, until it is closed.
type keeper struct {
	mu     sync.Mutex
	closed bool
	kept   []*frame.Frame
}

func (k *keeper) Submit(f *frame.Frame, _ frame.ViewState, _ []frame.Box) (frame.Outcome, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return frame.Stopped, false
	}
	k.kept = append(k.kept, f.Retain())
	return 0, true
}

func (k *keeper) close() []*frame.Frame {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return k.kept
}

// A consumer that takes nothing any more does not stop the decoder: frames are
// taken and dropped.
func TestFault22_ConsumerTakesNothing(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	k := &keeper{}
	c := pipeline.DefaultProcessorConfig()
	c.MaxInFlight = 2
	w := watchWith(t, rtsp(cam.URL()), pipeline.Processor{Name: "keeper", Batcher: k, Config: c})
	poll(t, "frames", func() bool { return w.feed.Decoded() > 60 })
	if s := w.feed.Status(); s.State != pipeline.Live {
		t.Errorf("%v: %s", s.State, s.Text)
	}
	if n := cam.Counts().Play; n != 1 {
		t.Errorf("%d sessions", n)
	}
	kept := k.close()
	if len(kept) != 2 {
		t.Errorf("the consumer has %d frames, want 2: %+v", len(kept), w.feed.Ledger(0))
	}
	for _, f := range kept {
		w.feed.Settled(0, f, &frame.Result{Outcome: frame.Delivered}, nil)
		f.Release()
	}
}
