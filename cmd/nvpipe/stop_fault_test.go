package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

// SIGTERM ends the program in time and well whatever it is doing: being loaded,
// connecting, playing, waiting to try again; no half film is left.
func TestFault62_SIGTERMAtAnyMoment(t *testing.T) {
	camera := rtspcam.New(testclip.Small(), rtspcam.Options{})
	if err := camera.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(camera.Close)
	for n := range 6 {
		after := time.Duration(n)*500*time.Millisecond + rand.N(500*time.Millisecond)
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			films := filepath.Join(t.TempDir(), "films")
			p := start(t, "nvpipe", nil, "run", write(t, "c.yaml", quiet+fmt.Sprintf(`
processors: {motion: {type: motion}}
defaults: {processors: [motion]}
feeds:
  there:
    url: %q
    continuations: [{type: file, dir: %q}]
  off: {url: "rtsp://127.0.0.1:1/stream"}
`, camera.URL(), films)))
			<-time.After(after)
			if code := p.end(10 * time.Second); code != exitFine && !p.endedUnbegun() {
				t.Errorf("exit code %d:\n%s", code, p.output())
			}
			left, err := filepath.Glob(filepath.Join(films, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range left {
				if info, err := os.Stat(path); err != nil || filepath.Ext(path) != ".mp4" || info.Size() == 0 {
					t.Errorf("%s is left: %v, %v", path, info, err)
				}
			}
		})
	}
}

// endedUnbegun: SIGTERM came before the program asked for signals, when there is
// nothing to end well.
func (p *process) endedUnbegun() bool {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGTERM && p.output() == ""
}
