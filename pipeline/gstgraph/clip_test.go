package gstgraph

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// clip writes a film of n pictures at 25 frames/s with a keyframe each second.
func clip(t testing.TB, codec string, n int) string {
	t.Helper()
	return clipOf(t, codec, n, "width=320,height=240", "matroskamux", ".mkv")
}

// clipOf encodes n test pictures and muxes them into a file.
func clipOf(t testing.TB, codec string, n int, size, mux, ext string) string {
	t.Helper()
	Init()
	path := filepath.Join(t.TempDir(), "clip"+ext)
	steps := []gsttest.Step{
		{Element: "videotestsrc", Props: map[string]string{"pattern": "ball", "num-buffers": fmt.Sprint(n)}},
		{Element: "capsfilter", Props: map[string]string{"caps": "video/x-raw,format=I420,framerate=25/1," + size}},
	}
	fast := map[string]string{"tune": "zerolatency", "speed-preset": "ultrafast", "key-int-max": "25"}
	switch codec {
	case "H264":
		steps = append(steps, gsttest.Step{Element: "x264enc", Props: fast}, gsttest.Step{Element: "h264parse"})
	case "H265":
		steps = append(steps, gsttest.Step{Element: "x265enc", Props: fast}, gsttest.Step{Element: "h265parse"})
	case "JPEG":
		steps = append(steps, gsttest.Step{Element: "jpegenc"})
	}
	play(t, append(steps, gsttest.Step{Element: mux}, fileSink(path))...)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("no clip: %v", err)
	}
	return path
}

func fileSink(path string) gsttest.Step {
	return gsttest.Step{Element: "filesink", Props: map[string]string{"location": path, "async": "false"}}
}

func play(t testing.TB, steps ...gsttest.Step) {
	t.Helper()
	if err := gsttest.Play(steps...); err != nil {
		t.Fatal(err)
	}
}

// looped is a camera that sends units again and again, 25 a second.
func looped(codec rtspcam.Codec, units []frame.Packet) rtspcam.Source {
	const interval = 40 * time.Millisecond
	return rtspcam.Video(codec, func(ctx context.Context, send func(frame.Packet)) error {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for n := 0; ; n++ {
			p := units[n%len(units)]
			p.PTS, p.Captured = time.Duration(n)*interval, time.Now()
			send(p)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	})
}
