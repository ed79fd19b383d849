package onnx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// film decodes one frame a second of a film of the given size.
func film(t testing.TB, name string, width, height int) []*frame.Frame {
	t.Helper()
	return footage(t, name, width, height, "fps=1")
}

// footage decodes what a filter of ffmpeg lets through.
func footage(t testing.TB, name string, width, height int, filter string) []*frame.Frame {
	t.Helper()
	path := shared(t, "videos/"+name)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("needs ffmpeg to decode footage")
	}
	cmd := exec.Command(ffmpeg, "-loglevel", "error", "-i", path, "-vf", filter, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var frames []*frame.Frame
	r := bufio.NewReaderSize(out, 1<<20)
	for {
		data := make([]byte, width*height*3/2)
		if _, err := io.ReadFull(r, data); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, i420(data, width, height))
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return frames
}

func i420(data []byte, width, height int) *frame.Frame {
	n, c := width*height, width*height/4
	f := &frame.Frame{Feed: "film", Format: frame.I420, Width: width, Height: height}
	f.Planes[0] = frame.Plane{Data: data[:n], Stride: width}
	f.Planes[1] = frame.Plane{Data: data[n : n+c], Stride: width / 2}
	f.Planes[2] = frame.Plane{Data: data[n+c:], Stride: width / 2}
	f.Init(nil)
	return f
}

// The published model finds in the footage what a plain reference run finds:
// the table beside the footage says how often.
func TestFootage(t *testing.T) {
	for _, c := range []struct {
		film          string
		width, height int
		label         string
		least, most   int
		frames        int
	}{
		{"bottle-detection.mp4", 640, 360, "bottle", 40, 40, 40},
		{"one-by-one-person-detection.mp4", 768, 432, "person", 103, 109, 139},
	} {
		t.Run(c.film, func(t *testing.T) {
			p := started(t, config(t, dynamicModel), Options{MaxBatch: 4})
			frames := film(t, c.film, c.width, c.height)
			if d := len(frames) - c.frames; d < -1 || d > 1 {
				t.Fatalf("%d frames, want about %d", len(frames), c.frames)
			}
			with := 0
			for part := range slices.Chunk(frames, 4) {
				batch := entries(part...)
				if err := p.Process(context.Background(), batch); err != nil {
					t.Fatal(err)
				}
				for _, e := range batch {
					if e.Err != nil {
						t.Fatal(e.Err)
					}
					if slices.ContainsFunc(e.Output.Detections, func(d frame.Detection) bool { return d.Label == c.label }) {
						with++
					}
				}
			}
			t.Log(fmt.Sprintf("%s in %d of %d frames", c.label, with, len(frames)))
			if with < c.least || with > c.most {
				t.Errorf("%s in %d frames, want %d–%d", c.label, with, c.least, c.most)
			}
		})
	}
}
