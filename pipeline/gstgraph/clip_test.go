package gstgraph

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/go-gst/go-gst/gst"
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
	kind := encodersOf(codecs[codec])[0]
	steps := []step{
		{"videotestsrc", props{"pattern": "ball", "num-buffers": n}},
		{"capsfilter", props{"caps": "video/x-raw,format=I420,framerate=25/1," + size}},
		{kind.element, kind.props(25)},
	}
	if codec != "JPEG" {
		steps = append(steps, step{codecs[codec].parse, nil})
	}
	play(t, append(steps, step{mux, nil}, step{"filesink", props{"location": path, "async": false}})...)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("no clip: %v", err)
	}
	return path
}

// play runs a pipeline to its end.
func play(t testing.TB, steps ...step) {
	t.Helper()
	p, err := gst.NewPipeline("")
	if err != nil {
		t.Fatal(err)
	}
	defer dropObject(p.Object)
	var all elements
	defer all.drop()
	if _, err := all.chain(p.Bin, steps...); err != nil {
		t.Fatal(err)
	}
	bus := p.GetPipelineBus()
	defer dropObject(bus.Object)
	defer p.SetState(gst.StateNull)
	if err := p.SetState(gst.StatePlaying); err != nil {
		t.Fatal(err)
	}
	m := bus.TimedPopFiltered(gst.ClockTime(30e9), gst.MessageEOS|gst.MessageError)
	if m == nil {
		t.Fatal("a pipeline of the test did not end")
	}
	defer dropMessage(m)
	if m.Type() != gst.MessageEOS {
		t.Fatal("a pipeline of the test failed")
	}
}

func dropMessage(m *gst.Message) {
	runtime.SetFinalizer(m, nil)
	m.Unref()
}

// mux puts an H.264 byte stream into a film.
func mux(t testing.TB, stream []byte) string {
	t.Helper()
	dir := t.TempDir()
	raw, path := filepath.Join(dir, "stream.h264"), filepath.Join(dir, "film.mkv")
	if err := os.WriteFile(raw, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, step{"filesrc", props{"location": raw}},
		step{"capsfilter", props{"caps": "video/x-h264,stream-format=byte-stream,framerate=30/1"}},
		step{"h264parse", nil}, step{"h264timestamper", nil},
		step{"matroskamux", nil}, step{"filesink", props{"location": path, "async": false}})
	return path
}
