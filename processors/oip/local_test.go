package oip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest/ortmodel"
	"github.com/nvpipe/nvpipe/processors/onnx"
	"github.com/nvpipe/nvpipe/processors/onnx/onnxtest"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// local is a running processor of this machine's ONNX Runtime. Where the set-up
// has promised the runtime, its absence is a failure.
func local(t *testing.T, cfg onnx.Config) *onnx.Processor {
	t.Helper()
	t.Chdir(filepath.Join("..", "..")) // where scripts/setup puts it
	p, err := onnx.New(cfg, onnx.Options{MaxBatch: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		if os.Getenv("NVPIPE_REQUIRE_ONNX") == "1" {
			t.Fatal(err)
		}
		t.Skipf("needs ONNX Runtime: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// remote is a running processor of a server on TCP that runs the same model.
func remote(t *testing.T, like onnx.Config) *Processor {
	t.Helper()
	server := oiptest.NewServer(ortmodel.Load(t, like.Model))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Serve(l)
	t.Cleanup(server.Stop)
	cfg := DefaultConfig()
	cfg.Endpoints, cfg.Model, cfg.Config = []string{"grpc://" + l.Addr().String()}, oiptest.Name, like.Config
	cfg.Deadline = maxDeadline // nothing here is about speed
	p := started(t, cfg, Options{MaxBatch: 4})
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// agree asserts that both find the same in copies of a batch, and returns how
// much that is.
func agree(t *testing.T, here *onnx.Processor, there *Processor, frames []*frame.Frame) (found int) {
	t.Helper()
	batches := [2][]frame.Entry{make([]frame.Entry, len(frames)), make([]frame.Entry, len(frames))}
	for i, f := range frames {
		batches[0][i].Frame, batches[1][i].Frame = f, f
	}
	err := errors.Join(here.Process(context.Background(), batches[0]), there.Process(context.Background(), batches[1]))
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		a, b := batches[0][i].Output.Detections, batches[1][i].Output.Detections
		if len(a) != len(b) {
			t.Fatalf("picture %d: %d detections here, %d there:\n%+v\n%+v", i, len(a), len(b), a, b)
		}
		for k := range a {
			if differ(a[k], b[k]) {
				t.Errorf("picture %d: here\n%+v\nthere\n%+v", i, a[k], b[k])
			}
		}
		found += len(a)
	}
	return found
}

// differ: by more than 1e-4, or in what it is.
func differ(a, b frame.Detection) bool {
	for _, d := range []float32{a.Box.XMin - b.Box.XMin, a.Box.YMin - b.Box.YMin, a.Box.XMax - b.Box.XMax, a.Box.YMax - b.Box.YMax, a.Confidence - b.Confidence} {
		if !(math.Abs(float64(d)) <= 1e-4) {
			return true
		}
	}
	return a.Class != b.Class || a.Label != b.Label
}

func TestTheSameAsLocal(t *testing.T) {
	for _, fixed := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("batch dimension %d", fixed), func(t *testing.T) {
			cfg := onnx.DefaultConfig()
			cfg.Model, cfg.Labels = filepath.Join(t.TempDir(), "tiny.onnx"), labels(t)
			model := onnxtest.Detector{
				Batch: fixed, Width: 64, Height: 64, Classes: 2,
				Boxes: []onnxtest.Box{{X1: 8, Y1: 4, X2: 24, Y2: 12}, {X1: 36, Y1: 44, X2: 56, Y2: 60, Class: 1}},
			}
			if err := os.WriteFile(cfg.Model, model.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			here := local(t, cfg)
			var frames []*frame.Frame
			for i, size := range [][2]int{{64, 64}, {320, 180}, {90, 160}, {101, 57}, {64, 48}} {
				f := processortest.Frame(size[0], size[1], frame.NV12, processortest.Gray(byte(255-20*i)))
				f.FullRange = true
				frames = append(frames, f)
			}
			if n := agree(t, here, remote(t, cfg), frames); n < len(frames) {
				t.Errorf("only %d detections", n)
			}
		})
	}
}

// The real model on real footage, every tenth frame of it.
func TestTheSameAsLocalOnFootage(t *testing.T) {
	cfg := onnx.DefaultConfig()
	cfg.Model = shared(t, "models/yolox_nano_dynamic.onnx")
	frames := film(t, shared(t, "videos/bottle-detection.mp4"), 640, 360)[:40]
	here := local(t, cfg)
	there := remote(t, cfg)
	found := 0
	for i := 0; i < len(frames); i += 4 {
		found += agree(t, here, there, frames[i:min(i+4, len(frames))])
	}
	t.Logf("%d detections in %d frames are the same", found, len(frames))
	if found < len(frames) {
		t.Errorf("only %d detections in %d frames", found, len(frames))
	}
}

// shared is the path of a file beside the repository, or in $NVPIPE_SHARED.
func shared(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("NVPIPE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Skipf("needs the shared test data (beside the repository, or in $NVPIPE_SHARED): %v", err)
	}
	return path
}

// film is every tenth frame of a film of the given size.
func film(t *testing.T, path string, width, height int) (frames []*frame.Frame) {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("needs ffmpeg to decode footage")
	}
	cmd := exec.Command(ffmpeg, "-loglevel", "error", "-i", path, "-vf", `select=not(mod(n\,10))`, "-fps_mode", "passthrough",
		"-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		data := make([]byte, width*height*3/2)
		if _, err := io.ReadFull(out, data); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		n, c := width*height, width*height/4
		f := &frame.Frame{Feed: "film", Format: frame.I420, Width: width, Height: height}
		f.Planes = [3]frame.Plane{{Data: data[:n], Stride: width}, {Data: data[n : n+c], Stride: width / 2}, {Data: data[n+c:], Stride: width / 2}}
		f.Init(nil)
		frames = append(frames, f)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return frames
}
