package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
	"github.com/nvpipe/nvpipe/processors"
)

// accelerator is a device that is broken as it is told.
type accelerator struct {
	broken  atomic.Bool  // every call fails, in one way or another
	refuses atomic.Int32 // so many sessions cannot be started
	hangs   atomic.Bool  // the next call with pictures of two cameras
	calls   atomic.Int32
	native  *gsttest.Hang

	mu    sync.Mutex
	stuck []*frame.Frame // what the call that hangs was given
	wrong []string
}

// session is a processor on it.
type session struct{ a *accelerator }

func (session) Stop() error          { return nil }
func (session) Traits() frame.Traits { return frame.Traits{} }

func (s session) Start(context.Context) error {
	if s.a.refuses.Add(-1) >= 0 {
		return errors.New("the device does not answer")
	}
	return nil
}

func (s session) Process(_ context.Context, batch []frame.Entry) error {
	n := s.a.calls.Add(1)
	switch {
	case s.a.broken.Load() && n%2 == 0:
		panic("the device fell off the bus")
	case s.a.broken.Load():
		return errors.New("the context is corrupted")
	case ofTwoFeeds(batch) && s.a.hangs.CompareAndSwap(true, false):
		s.a.hang(batch)
	}
	return nil
}

func ofTwoFeeds(batch []frame.Entry) bool {
	return len(batch) == 2 && batch[0].Frame.Feed != batch[1].Frame.Feed
}

// hang is a native call that goes on reading what it was given, and the answer
// that nobody wants any more when it returns.
func (a *accelerator) hang(batch []frame.Entry) {
	var pictures []*frame.Frame
	for _, e := range batch {
		pictures = append(pictures, e.Frame)
	}
	at := gsttest.NewHang()
	at.Release()
	before := at.Sums(pictures)
	at.Free()
	a.mu.Lock()
	a.stuck = pictures
	a.mu.Unlock()
	after := a.native.Sums(pictures)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(before, after) {
		a.wrong = append(a.wrong, fmt.Sprintf("the pictures changed during the call: %x, %x", before, after))
	}
	for i := range batch {
		batch[i].Output.Data = after
		if n := pictures[i].Refs(); n != 1 {
			a.wrong = append(a.wrong, fmt.Sprintf("a picture has %d references when the call returns, only its batch should have one", n))
		}
	}
}

func (a *accelerator) pictures() []*frame.Frame {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.stuck)
}

// late hears of results that are the hung call's.
func (a *accelerator) late(f *frame.Frame, findings []frame.Finding) {
	if findings[0].Result.Output.Data != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.wrong = append(a.wrong, fmt.Sprintf("the hung call's result of %s/%d was delivered", f.Feed, f.Seq))
	}
}

// supervised is two cameras at that device.
type supervised struct {
	*testing.T
	app    *App
	device *accelerator
	log    *observer.ObservedLogs
	losses int
}

func newSupervised(t *testing.T) *supervised {
	core, log := observer.New(zapcore.InfoLevel)
	s := &supervised{T: t, log: log, device: &accelerator{native: gsttest.NewHang()}}
	t.Cleanup(s.device.native.Free)
	s.app = startApp(t, fmt.Sprintf(`
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors:
  device: {type: device, batch: {policy: window, max_batch_size: 2, max_latency: 200ms, hang_timeout: 500ms}}
defaults: {processors: [device]}
feeds:
  cam1: {url: %q}
  cam2: {url: %q}
`, startClipCamera(t).URL(), startClipCamera(t).URL()), Options{
		OnResult: s.device.late,
		Log: zaptest.NewLogger(t, zaptest.WrapOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
			return zapcore.NewTee(c, core)
		}))),
		Types: BuiltinTypes().With(Types{"device": OwnType(func() (processors.Processor, error) { return session{s.device}, nil })}),
	})
	t.Cleanup(s.device.native.Release)
	s.served("at first")
	return s
}

func (s *supervised) stats() batchsink.Stats { return s.app.Snapshot().Processors[0].Batch }

// each reports whether every feed has n more of an outcome than it had.
func (s *supervised) each(before Snapshot, o frame.Outcome, n uint64) bool {
	for i, f := range s.app.Snapshot().Feeds {
		if f.Processors[0].Ledger[o] < before.Feeds[i].Processors[0].Ledger[o]+n {
			return false
		}
	}
	return true
}

func (s *supervised) served(when string) {
	s.Helper()
	before := s.app.Snapshot()
	await(s.T, "both feeds are served "+when, func() bool { return s.each(before, frame.Delivered, 10) })
}

// lost waits for the device's loss and checks what the feeds see of it.
func (s *supervised) lost(how string) {
	s.Helper()
	before := s.app.Snapshot()
	s.losses++
	await(s.T, how, func() bool { return s.stats().Losses == s.losses })
	await(s.T, "both feeds are refused: "+how, func() bool { return s.each(before, frame.Unavailable, 5) })
}

// events is the sum of the counts of a kind's events in the log.
func (s *supervised) events(k batchsink.Kind) (n int64) {
	for _, e := range s.log.All() {
		if strings.HasPrefix(e.Message, string(k)+":") {
			n += e.ContextMap()["count"].(int64)
		}
	}
	return n
}

// A device that fails, hangs and cannot be had back at once, while two cameras
// run: they are refused meanwhile and served again when it is back, and neither
// is restarted. What a native call that hangs goes on reading stays as it was
// until it returns.
func TestFeedsSurviveTheirProcessor(t *testing.T) {
	s := newSupervised(t)
	d := s.device

	d.broken.Store(true)
	s.lost("ten batches fail")
	d.broken.Store(false)
	s.served("when it works again")

	before := s.app.Snapshot()
	d.hangs.Store(true)
	s.lost("a call hangs")
	if !s.each(before, frame.Failed, 1) || s.stats().Stuck != 1 {
		t.Error("the frames of the call that hangs are not failed")
	}
	s.served("beside the call that hangs")
	d.native.Release()
	await(t, "the call returns", func() bool { return s.stats().Stuck == 0 })
	for _, f := range d.pictures() {
		await(t, "its pictures are released", func() bool { return f.Refs() == 0 })
	}

	d.refuses.Store(2)
	d.broken.Store(true)
	s.lost("ten more fail")
	d.broken.Store(false)
	s.served("when it can be had again")
	stopApp(t, s.app)

	checkLedgers(t, s.app.Snapshot())
	for _, f := range s.app.Snapshot().Feeds {
		if f.Status.Restarts != 0 {
			t.Errorf("feed %s was restarted %d times", f.ID, f.Status.Restarts)
		}
	}
	for kind, want := range map[batchsink.Kind]int64{
		batchsink.ProcessorLost: 3, batchsink.ProcessorRestored: 3, batchsink.ProcessorStartFailed: 2,
		batchsink.StageError: 3 * 2, batchsink.BatchError: 2 * 10,
	} {
		if n := s.events(kind); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
	for _, w := range d.wrong {
		t.Error(w)
	}
}
