package offline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake finds one thing in the middle of every picture.
type fake struct {
	sizes []int
	fail  error
	// later: the output is set by the entry's Finish.
	later bool

	batches []int
	ended   int // finished or released
}

func (*fake) Start(context.Context) error { return nil }
func (*fake) Stop() error                 { return nil }
func (p *fake) Traits() frame.Traits      { return frame.Traits{BatchSizes: p.sizes} }

func (p *fake) Process(_ context.Context, batch []frame.Entry) error {
	p.batches = append(p.batches, len(batch))
	for i := range batch {
		if batch[i].Finish = nil; p.later {
			batch[i].Finish = finisher{p}
		} else {
			batch[i].Output = middle()
		}
	}
	return p.fail
}

func middle() frame.Output {
	return frame.Output{Detections: []frame.Detection{
		{Class: 3, Label: "thing", Confidence: 0.5, Box: frame.Box{XMin: 0.25, YMin: 0.25, XMax: 0.75, YMax: 0.75}},
	}}
}

type finisher struct{ p *fake }

func (f finisher) Finish(e *frame.Entry) { e.Output = middle(); f.p.ended++ }
func (f finisher) Release()              { f.p.ended++ }

// gather keeps what a viewer finds.
func gather(p *fake, fps float64) (*Viewer, *[]Look) {
	var looks []Look
	return &Viewer{Processor: p, FPS: fps, Each: func(l Look) error {
		looks = append(looks, l)
		return nil
	}}, &looks
}

// newFilm writes a grey film of so many pictures, 10 a second.
func newFilm(t *testing.T, width, height, pictures int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grey.mp4")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	recording := film.NewRecording(file, time.Second)
	packets := make(chan error, pictures)
	encoder, err := gstgraph.NewEncoder(gstgraph.EncoderSettings{Width: width, Height: height, FPS: 10}, func(p frame.Packet) {
		packets <- recording.Write(p)
	})
	if err != nil {
		t.Skipf("needs an H.264 encoder: %v", err)
	}
	defer encoder.Close()
	for i := range pictures {
		f := grey(width, height)
		f.Planes[0].Data[0] = byte(i)
		if err := encoder.Encode(f.Planes, time.Duration(i)*100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := encoder.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range pictures {
		if err := <-packets; err != nil {
			t.Fatal(err)
		}
	}
	if err := recording.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func grey(width, height int) *frame.Frame {
	f := &frame.Frame{Format: frame.I420, Width: width, Height: height}
	for i, n := range []int{width, (width + 1) / 2, (width + 1) / 2} {
		rows := height
		if i > 0 {
			rows = (height + 1) / 2
		}
		f.Planes[i] = frame.Plane{Data: make([]byte, n*rows), Stride: n}
		for at := range f.Planes[i].Data {
			f.Planes[i].Data[at] = 128
		}
	}
	f.Init(nil)
	return f
}

func put(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func seconds(looks []Look) (at []string) {
	for _, l := range looks {
		at = append(at, fmt.Sprintf("%.1f", l.At.Seconds()))
	}
	return at
}
