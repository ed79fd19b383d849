package gstgraph

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// Whatever a camera's encoder can make arrives as I420 or NV12 in the size
// that was sent. Pictures that lie on their side are not turned; the two fields
// of an interlaced picture stay woven.
func TestFault40_PicturesOfAnyKind(t *testing.T) {
	t.Parallel()
	x264 := func(props string) gsttest.Step {
		return gsttest.Step{Element: "x264enc", Props: map[string]string{"tune": "zerolatency", "speed-preset": "ultrafast", "option-string": props}}
	}
	x265 := gsttest.Step{Element: "x265enc", Props: map[string]string{"speed-preset": "ultrafast", "tune": "zerolatency"}}
	mjpeg := gsttest.Step{Element: "jpegenc"}
	for _, c := range []struct {
		name          string
		format        string
		width, height int
		encoder       gsttest.Step
		parser        string
		extra         []gsttest.Step
	}{
		{"H.264 interlaced", "I420,interlace-mode=interleaved,field-order=top-field-first", 320, 240, x264("interlaced=1"), "h264parse", nil},
		{"H.264 10 bit", "I420_10LE", 320, 240, x264(""), "h264parse", nil},
		{"H.264 4:2:2", "Y42B", 320, 240, x264(""), "h264parse", nil},
		{"H.264 4:2:2 10 bit", "I422_10LE", 320, 240, x264(""), "h264parse", nil},
		{"H.264 4:4:4", "Y444", 320, 240, x264(""), "h264parse", nil},
		{"H.264 odd", "Y444", 321, 241, x264(""), "h264parse", nil},
		{"H.264 cropped", "I420", 322, 242, x264(""), "h264parse", nil},
		{"H.264 16×16", "I420", 16, 16, x264(""), "h264parse", nil},
		{"H.264 rotated", "I420", 320, 240, x264(""), "h264parse",
			[]gsttest.Step{{Element: "taginject", Props: map[string]string{"tags": "image-orientation=rotate-90"}}}},
		{"H.265 10 bit", "I420_10LE", 320, 240, x265, "h265parse", nil},
		{"H.265 4:4:4", "Y444", 320, 240, x265, "h265parse", nil},
		{"H.265 4:2:2", "Y42B", 320, 240, x265, "h265parse", nil},
		{"JPEG grey", "GRAY8", 320, 240, mjpeg, "identity", nil},
		{"JPEG 4:2:2", "Y42B", 320, 240, mjpeg, "identity", nil},
		{"JPEG 4:4:4", "Y444", 320, 240, mjpeg, "identity", nil},
		{"JPEG odd", "I420", 321, 241, mjpeg, "identity", nil},
		{"JPEG 4000 wide", "I420", 4000, 16, mjpeg, "identity", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			Init()
			const n = 5
			path := filepath.Join(t.TempDir(), "film.mov")
			caps := fmt.Sprintf("video/x-raw,format=%s,framerate=25/1,width=%d,height=%d", c.format, c.width, c.height)
			steps := []gsttest.Step{
				{Element: "videotestsrc", Props: map[string]string{"num-buffers": fmt.Sprint(n)}},
				{Element: "capsfilter", Props: map[string]string{"caps": caps}},
				c.encoder, {Element: c.parser},
			}
			steps = append(append(steps, c.extra...), gsttest.Step{Element: "qtmux"}, fileSink(path))
			if err := gsttest.Play(steps...); err != nil {
				t.Skipf("%s cannot make it here: %v", c.encoder.Element, err)
			}
			plays(t, path, n, c.width, c.height)
		})
	}
}

// What GStreamer's own encoders and muxers do not make.
func TestFault40_GreyAndTinyPictures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		codec, format string
		width, height int
	}{
		{"libx264", "gray", 320, 240}, {"libx265", "gray", 320, 240}, {"libx264", "yuv444p", 1, 1}, {"libx264", "yuv420p", 2, 2},
		{"mjpeg", "yuvj420p", 1, 1}, {"mjpeg", "yuvj444p", 3, 1}, {"mjpeg", "yuvj420p", 1, 200},
	} {
		t.Run(fmt.Sprintf("%s %s %d×%d", c.codec, c.format, c.width, c.height), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "film.mkv")
			cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi",
				"-i", "color=size=64x64:rate=25", "-vf", fmt.Sprintf("format=%s,scale=%d:%d", c.format, c.width, c.height),
				"-frames:v", "5", "-pix_fmt", c.format, "-c:v", c.codec, path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("ffmpeg cannot make it here: %v %s", err, out)
			}
			plays(t, path, 5, c.width, c.height)
		})
	}
}

// plays decodes a film of n pictures of one size.
func plays(t *testing.T, path string, n uint64, width, height int) {
	t.Helper()
	r := newRecorder()
	r.onFrame = func(f *frame.Frame) {
		if f.Width != width || f.Height != height || f.Format != frame.I420 && f.Format != frame.NV12 {
			t.Errorf("%d×%d %v arrived", f.Width, f.Height, f.Format)
		}
		f.Release()
	}
	g := start(t, pipeline.Source{Film: pipeline.Film{Path: path}}, pipeline.GraphSettings{Unpaced: true}, r)
	r.until(t, "the end", func() bool {
		_, ended := r.find(pipeline.EventEOS)
		_, failed := r.find(pipeline.EventError)
		return ended || failed
	})
	if e, failed := r.find(pipeline.EventError); failed {
		t.Fatal(e.Err)
	}
	if c := balanced(t, g, r); c.Decoded != n || c.Lost != 0 {
		t.Errorf("%+v of %d pictures", c, n)
	}
}
