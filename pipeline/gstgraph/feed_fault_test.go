package gstgraph

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// watched is a whole feed on a real camera, its limits a fifth of the defaults.
type watched struct {
	t    *testing.T
	feed *pipeline.Feed

	mu      sync.Mutex
	changed chan struct{}
	events  []pipeline.Event
	frames  int
}

func watch(t *testing.T, s pipeline.Source) *watched {
	t.Helper()
	return watchWith(t, s)
}

func watchWith(t *testing.T, s pipeline.Source, processors ...pipeline.Processor) *watched {
	t.Helper()
	w := &watched{t: t, changed: make(chan struct{})}
	c := pipeline.DefaultConfig()
	c.ConnectLimit, c.FirstFrameLimit, c.StallMin = 4*time.Second, 3*time.Second, time.Second
	feed, err := pipeline.New("door", c, pipeline.Settings{Source: s, Build: Build, Processors: processors, OnEvent: w.onEvent, View: w})
	if err != nil {
		t.Fatal(err)
	}
	w.feed = feed
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = feed.Run(context.Background())
	}()
	t.Cleanup(func() {
		if err := feed.Close(context.Background()); err != nil {
			t.Error(err)
		}
		<-done
		if n := feed.Stats().Abandoned; n != 0 {
			t.Errorf("%d parts of graphs were abandoned", n)
		}
		if n := feed.Pending(); n != 0 {
			t.Errorf("%d frames are left", n)
		}
	})
	return w
}

func (w *watched) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watched) onEvent(e pipeline.Event) { w.change(func() { w.events = append(w.events, e) }) }

// View implements pipeline.ViewProvider: it is called for every frame.
func (w *watched) View(*frame.Frame) frame.ViewState {
	w.change(func() { w.frames++ })
	return frame.ViewState{}
}

// wait waits until ok, which is called with mu held.
func (w *watched) wait(what string, ok func() bool) {
	w.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		w.mu.Lock()
		there, changed := ok(), w.changed
		w.mu.Unlock()
		if there {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			w.t.Fatalf("waited 20 s for %s; %+v", what, w.story())
		}
	}
}

// until waits for the n-th change into a state, from 1, and returns it.
func (w *watched) until(to pipeline.State, n int) (change pipeline.Event) {
	w.t.Helper()
	w.wait(to.String(), func() bool {
		found := 0
		for _, change = range w.events {
			if change.Type == pipeline.StateChanged && change.To == to {
				if found++; found == n {
					return true
				}
			}
		}
		return false
	})
	return change
}

func (w *watched) story() (list []pipeline.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(list, w.events...)
}

func (w *watched) count(to pipeline.State) (n int) {
	for _, e := range w.story() {
		if e.Type == pipeline.StateChanged && e.To == to {
			n++
		}
	}
	return n
}

// A camera that falls silent with its connections open is found by the feed's
// own clock, once, and frames come within seconds of its return.
func TestFault02_NetworkStalls(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	w := watch(t, rtsp(cam.URL()))
	w.until(pipeline.Live, 1)
	cam.Break(func(f *rtspcam.Faults) { f.Stalled = true })
	e := w.until(pipeline.BackingOff, 1)
	if e.Reason != pipeline.ReasonStalled {
		t.Errorf("%q: %s", e.Reason, e.Text)
	}
	cam.Heal()
	w.until(pipeline.Live, 2)
	if n := w.count(pipeline.Stalled); n != 1 {
		t.Errorf("%d events for one stall", n)
	}
}

// The kernel of a hung camera acknowledges, and nobody answers TEARDOWN.
func TestFault04_CameraHangs(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	w := watch(t, rtsp(cam.URL()))
	w.until(pipeline.Live, 1)
	cam.Break(func(f *rtspcam.Faults) { f.Stalled, f.Frozen = true, true })
	w.until(pipeline.BackingOff, 1)
	begin := time.Now()
	if err := w.feed.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The teardown had begun before; one second is ten times its limit.
	if d := time.Since(begin); d > time.Second {
		t.Errorf("closing took %v", d)
	}
}

// A pause that is shorter than the limit is none.
func TestFault03_ShortStall(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	w := watch(t, rtsp(cam.URL()))
	w.until(pipeline.Live, 1)
	cam.Break(func(f *rtspcam.Faults) { f.Stalled = true })
	time.AfterFunc(400*time.Millisecond, cam.Heal)
	n := int(w.feed.Decoded())
	w.wait("frames again", func() bool { return w.frames > n+40 })
	if n := w.count(pipeline.BackingOff); n != 0 {
		t.Errorf("%d reconnects", n)
	}
}

// Something that listens and never answers is given up at the connect limit.
func TestFault07_NoAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	t.Cleanup(readers.Wait)
	t.Cleanup(func() { l.Close() })
	readers.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			readers.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	begin := time.Now()
	w := watch(t, rtsp("rtsp://"+l.Addr().String()+"/stream"))
	e := w.until(pipeline.BackingOff, 1)
	if e.Reason != pipeline.ReasonUnreachable {
		t.Errorf("%q: %s", e.Reason, e.Text)
	}
	if d := e.At.Sub(begin); d > 8*time.Second {
		t.Errorf("given up after %v", d)
	}
}

// RST in mid-stream: found at once, not by the stall limit.
func TestFault08_Reset(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	w := watch(t, rtsp(cam.URL()))
	w.until(pipeline.Live, 1)
	cam.Reset()
	if e := w.until(pipeline.BackingOff, 1); e.Reason != pipeline.ReasonLost {
		t.Errorf("%q: %s", e.Reason, e.Text)
	}
	w.until(pipeline.Live, 2)
	if n := cam.Counts().MaxSessions; n != 1 {
		t.Errorf("%d sessions of ours at once", n)
	}
}

// Parameter sets in band only: the first keyframe has them.
func TestFault28_ParametersInBandOnly(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.NoSDPParams = true })
	watch(t, rtsp(cam.URL())).until(pipeline.Live, 1)
}

// No parameter sets at all: GStreamer says nothing, and nothing can be decoded.
func TestFault29_NoParameters(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	cam.Break(func(f *rtspcam.Faults) { f.NoParams = true })
	w := watch(t, rtsp(cam.URL()))
	e := w.until(pipeline.BackingOff, 1)
	if e.Reason != pipeline.ReasonNoVideo || e.RetryIn < 45*time.Second {
		t.Errorf("%q, again in %v: %s", e.Reason, e.RetryIn, e.Text)
	}
}

// Another codec at the same address is a new connection of the same feed.
func TestFault32_CodecChanges(t *testing.T) {
	t.Parallel()
	cam := camera(t, testclip.H264(), rtspcam.Options{})
	w := watch(t, rtsp(cam.URL()))
	w.until(pipeline.Live, 1)
	before := w.feed.Decoded()
	cam.Close()
	camera(t, testclip.H265(), rtspcam.Options{Address: cam.Address()})
	w.until(pipeline.Live, 2)
	if n := w.feed.Decoded(); n <= before {
		t.Errorf("%d frames after %d", n, before)
	}
	if d := w.feed.Status().Decoder; !strings.Contains(d, "265") {
		t.Errorf("the decoder is %q", d)
	}
}
