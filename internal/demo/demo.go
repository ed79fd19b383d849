// Package demo runs the real program on cameras that it makes itself: synthetic
// scenes whose every object's position is known, drawn, encoded and served over
// RTSP on loopback. What the pipeline finds is compared with what is there.
package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/scene"
)

// Options are what a demo is asked to do.
type Options struct {
	// Cameras is how many synthetic cameras there are, 1–16.
	Cameras int
	// Empty: nothing moves in the scenes but noise and light; every box is one
	// too many.
	Empty bool
	// Processor is what looks for the objects: Auto, Motion or Detector.
	Processor string
	// Faults befall one of the cameras meanwhile.
	Faults Faults
	// Listen and Metrics are the addresses of the annotated streams and of the
	// metrics.
	Listen, Metrics string
	// Out gets the live table, unless Quiet.
	Out   io.Writer
	Quiet bool
	// Terminal: the table is drawn over itself instead of line after line. Width
	// is then the terminal's, in columns, now.
	Terminal bool
	Width    func() int
	Log      *zap.Logger
}

// stopLimit is how long the end of a demo may take.
const stopLimit = 10 * time.Second

// Run runs the demo until ctx ends, and says how it went.
func Run(ctx context.Context, o Options) (Verdict, error) {
	dir, err := os.MkdirTemp("", "nvpipe-demo-")
	if err != nil {
		return Verdict{}, err
	}
	defer os.RemoveAll(dir)

	finder, err := chooseFinder(ctx, o.Processor, dir)
	if err != nil {
		return Verdict{}, err
	}
	if !o.Quiet {
		fmt.Fprintf(o.Out, "finds   %s\n", finder.reason)
	}
	var cameras []*camera
	defer func() {
		for _, c := range cameras {
			c.rtsp.Close()
		}
	}()
	for n := range o.Cameras {
		looks := scene.Demo(n)
		if o.Empty {
			looks.Objects = 0
		}
		c, err := startCamera(n, looks, func(err error) { o.Log.Error("a demo camera failed", zap.Error(err)) })
		if err != nil {
			return Verdict{}, err
		}
		cameras = append(cameras, c)
	}
	conf, err := configFor(cameras, o, finder, dir)
	if err != nil {
		return Verdict{}, err
	}
	judged := cameras
	if len(o.Faults.list) > 0 {
		judged = slices.Delete(slices.Clone(cameras), o.Faults.camera, o.Faults.camera+1)
	}
	j := newJudge(judged, finder)
	a, err := app.New(conf, app.Options{Log: o.Log, OnResult: j.result})
	if err != nil {
		return Verdict{}, err
	}
	if err := a.Start(); err != nil {
		return Verdict{}, err
	}
	t := newTrouble(o.Faults, cameras, func() map[frame.FeedID]uint64 { return decoded(a.Snapshot()) })
	happening := make(chan struct{})
	go func() {
		defer close(happening)
		t.run(ctx)
	}()
	show(ctx, a, o, t.line)
	<-happening
	faults := t.verdict(a.Snapshot().Feeds)
	within, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := a.Stop(within); err != nil {
		return Verdict{}, fmt.Errorf("the demo could not be stopped cleanly: %w", err)
	}
	v := j.verdict(ledgersExact(a.Snapshot()))
	v.Faults = faults
	v.OK = v.OK && (faults == nil || faults.OK)
	return v, nil
}

func decoded(s app.Snapshot) map[frame.FeedID]uint64 {
	n := map[frame.FeedID]uint64{}
	for _, f := range s.Feeds {
		n[f.ID] = f.Decoded
	}
	return n
}

func ledgersExact(s app.Snapshot) bool {
	for _, f := range s.Feeds {
		if f.Decoded == 0 || f.Pending != 0 || !f.LedgerExact() {
			return false
		}
	}
	return len(s.Feeds) > 0
}

// configFor is the demo's config: written out and read like any other, because
// it is also an example.
func configFor(cameras []*camera, o Options, f finder, dir string) (*config.Config, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `version: 1
metrics:
  listen: %q
rtsp:
  listen: %q
processors:
  %s:
%s    batch:
      max_batch_size: %d
defaults:
  processors: [%[3]s]
  continuations:
    - type: stream
    - type: events
      path: events.jsonl
feeds:
`, o.Metrics, o.Listen, f.name, f.settings, max(1, len(cameras)))
	for _, c := range cameras {
		fmt.Fprintf(&b, "  %s:\n    url: %s\n", c.id, c.rtsp.URL())
	}
	path := filepath.Join(dir, "demo.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return config.Load(path, config.Options{Processors: app.BuiltinTypes().Registry()})
}

// feedIDs are the demo's feeds, for saying where their streams are.
func feedIDs(n int) []frame.FeedID {
	ids := make([]frame.FeedID, n)
	for i := range ids {
		ids[i] = frame.FeedID(fmt.Sprintf("cam%d", i+1))
	}
	return ids
}
