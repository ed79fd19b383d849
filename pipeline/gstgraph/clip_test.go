package gstgraph

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

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

// mux puts an H.264 byte stream into a film.
func mux(t testing.TB, stream []byte) string {
	t.Helper()
	dir := t.TempDir()
	raw, path := filepath.Join(dir, "stream.h264"), filepath.Join(dir, "film.mkv")
	if err := os.WriteFile(raw, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, gsttest.Step{Element: "filesrc", Props: map[string]string{"location": raw}},
		gsttest.Step{Element: "capsfilter", Props: map[string]string{"caps": "video/x-h264,stream-format=byte-stream,framerate=30/1"}},
		gsttest.Step{Element: "h264parse"}, gsttest.Step{Element: "h264timestamper"},
		gsttest.Step{Element: "matroskamux"}, fileSink(path))
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
