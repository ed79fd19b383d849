package app

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A full disk under events and films costs what was to be written there. The
// feed goes on, and when there is room again, so do the files.
func TestAFullDiskCostsNoFrame(t *testing.T) {
	dir := rotatetest.Mount(t, 8<<20).Dir
	ballast := filepath.Join(dir, "ballast")
	a := startApp(t, fmt.Sprintf(`
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}}
feeds:
  yard:
    source: {test: {pattern: ball, fps: 25}}
    processors: [motion]
    continuations:
    - {type: events, path: %q, empty: true, retry: 1s, rotation: {min_free: 1MiB, min_free_percent: 0}}
    - {type: file, dir: %q, retry: 1s, rotation: {min_free: 1MiB, min_free_percent: 0}}
`, filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "films")), Options{})
	output := func(kind string) OutputSnapshot {
		for _, o := range a.Snapshot().Outputs {
			if o.Kind == kind {
				return o
			}
		}
		return OutputSnapshot{}
	}
	both := func(is func(OutputSnapshot) bool) func() bool {
		return func() bool { return is(output(config.Events)) && is(output(config.Film)) }
	}
	await(t, "both written", both(func(o OutputSnapshot) bool { return o.Written > 20 }))
	fill(t, ballast)
	await(t, "both in trouble", both(func(o OutputSnapshot) bool { return o.Trouble != "" }))
	delivered := func() uint64 { return a.Snapshot().Feeds[0].Processors[0].Ledger[frame.Delivered] }
	before := delivered()
	await(t, "results with the disk full", func() bool { return delivered() > before+50 })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	await(t, "both written again", both(func(o OutputSnapshot) bool { return o.Trouble == "" }))
	stopApp(t, a)
	s := a.Snapshot()
	checkLedgers(t, s)
	if f := s.Feeds[0]; f.Status.Restarts != 0 || f.Status.State != pipeline.Stopped {
		t.Errorf("the feed noticed: %+v", f.Status)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); ; {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}
