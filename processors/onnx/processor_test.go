package onnx

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/onnx/onnxtest"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// The boxes of the tests' own model, in pixels of its 64×64 input; the second
// lies in the padding of a wide picture.
var twoBoxes = []onnxtest.Box{{X1: 8, Y1: 4, X2: 24, Y2: 12, Class: 0}, {X1: 36, Y1: 44, X2: 56, Y2: 60, Class: 1}}

func detector(batch int) onnxtest.Detector {
	return onnxtest.Detector{Batch: batch, Width: 64, Height: 64, Classes: 2, Boxes: twoBoxes}
}

// tiny writes a model and its labels and returns a config for them.
func tiny(t testing.TB, d onnxtest.Detector) Config {
	t.Helper()
	dir := t.TempDir()
	cfg := DefaultConfig()
	cfg.Model, cfg.Labels = filepath.Join(dir, "tiny.onnx"), filepath.Join(dir, "labels.txt")
	names := ""
	for i := range d.Classes {
		names += fmt.Sprintf("class%d\n", i)
	}
	for path, data := range map[string][]byte{cfg.Model: d.Bytes(), cfg.Labels: []byte(names)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

// gray is a picture whose every colour level is level.
func gray(width, height int, level byte) *frame.Frame {
	f := processortest.Frame(width, height, frame.NV12, processortest.Gray(level))
	f.FullRange = true
	return f
}

func found(t testing.TB, p *Processor, frames ...*frame.Frame) []frame.Entry {
	t.Helper()
	batch := entries(frames...)
	if err := p.Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }

// Every picture gets its own answer, in full-picture coordinates, whatever the
// model's batch dimension and the batch's size.
func TestEachPictureGetsItsOwnBoxes(t *testing.T) {
	for _, fixed := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("batch dimension %d", fixed), func(t *testing.T) {
			p := started(t, tiny(t, detector(fixed)), Options{MaxBatch: 4})
			for n := 1; n <= 9; n++ {
				var frames []*frame.Frame
				for i := range n {
					frames = append(frames, gray(64*(1+i%3), 64*(1+i%3), byte(100+10*i)))
				}
				for i, e := range found(t, p, frames...) {
					want := []frame.Detection{
						{Class: 0, Label: "class0", Box: frame.Box{XMin: 8. / 64, YMin: 4. / 64, XMax: 24. / 64, YMax: 12. / 64}},
						{Class: 1, Label: "class1", Box: frame.Box{XMin: 36. / 64, YMin: 44. / 64, XMax: 56. / 64, YMax: 60. / 64}},
					}
					for k := range want {
						want[k].Confidence = float32(100+10*i) / 255
					}
					compare(t, fmt.Sprintf("picture %d of %d", i, n), e, want)
				}
			}
		})
	}
}

// A model may take its levels as bytes or as half floats.
func TestInputTypes(t *testing.T) {
	for _, typ := range []tensor.Type{tensor.Float32, tensor.Float16, tensor.Uint8} {
		d := detector(0)
		d.Input = int(typ)
		for _, overlap := range []bool{false, true} {
			p := started(t, tiny(t, d), Options{MaxBatch: 2, Overlap: overlap})
			batch := found(t, p, gray(64, 64, 150), gray(128, 64, 200))
			for i, want := range []float32{150, (200 + 114) / 2} {
				if f := batch[i].Finish; f != nil {
					f.Finish(&batch[i])
				}
				if e := batch[i]; e.Err != nil || len(e.Output.Detections) == 0 || !near(e.Output.Detections[0].Confidence, want/255) {
					t.Errorf("%v, picture %d: %v, %v; want the level %v", typ, i, e.Output.Detections, e.Err, want)
				}
			}
		}
	}
}

func compare(t *testing.T, what string, e frame.Entry, want []frame.Detection) {
	t.Helper()
	got := e.Output.Detections
	if e.Err != nil || len(got) != len(want) {
		t.Fatalf("%s: %v, %v; want %v", what, got, e.Err, want)
	}
	for i, g := range got {
		w := want[i]
		if g.Class != w.Class || g.Label != w.Label || !near(g.Confidence, w.Confidence) ||
			!near(g.Box.XMin, w.Box.XMin) || !near(g.Box.YMin, w.Box.YMin) || !near(g.Box.XMax, w.Box.XMax) || !near(g.Box.YMax, w.Box.YMax) {
			t.Fatalf("%s: got %+v, want %+v", what, g, w)
		}
	}
}

// A wide picture fills the upper half of the square input: boxes are stretched
// back, and what lies in the padding is gone.
func TestWidePicture(t *testing.T) {
	p := started(t, tiny(t, detector(0)), Options{})
	e := found(t, p, gray(128, 64, 200))[0]
	compare(t, "wide", e, []frame.Detection{{
		Label: "class0", Confidence: (200 + 114) / 2. / 255,
		Box: frame.Box{XMin: 8. / 64, YMin: 4. / 32, XMax: 24. / 64, YMax: 12. / 32},
	}})
}

// A slot's padding is rewritten when its next picture has another shape.
func TestPaddingFollowsThePicture(t *testing.T) {
	p := started(t, tiny(t, detector(0)), Options{})
	for _, size := range [][2]int{{128, 64}, {64, 64}, {64, 128}, {128, 64}, {32, 16}} {
		want := (200 + 114) / 2.
		if size[0] == size[1] {
			want = 200
		}
		got := found(t, p, gray(size[0], size[1], 200))[0].Output.Detections[0].Confidence
		if !near(got, float32(want/255)) {
			t.Errorf("%v: confidence %v, want %v", size, got, want/255)
		}
	}
}

func TestAnUnreadablePictureFailsAlone(t *testing.T) {
	p := started(t, tiny(t, detector(0)), Options{MaxBatch: 4})
	short := gray(64, 64, 200)
	short.Planes[1].Data = short.Planes[1].Data[:10]
	batch := found(t, p, gray(64, 64, 150), short, gray(64, 64, 250), &frame.Frame{})
	for i, bad := range []bool{false, true, false, true} {
		e := batch[i]
		if (e.Err != nil) != bad || (len(e.Output.Detections) == 2) == bad {
			t.Errorf("entry %d: %v, %v", i, e.Output.Detections, e.Err)
		}
	}
	if got := batch[2].Output.Detections[0].Confidence; !near(got, 250./255) {
		t.Errorf("the picture after the bad one has confidence %v", got)
	}
	for _, e := range found(t, p, &frame.Frame{}, &frame.Frame{}) {
		if e.Err == nil {
			t.Error("no picture, no error")
		}
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*Config)
		want []string
	}{
		{"all", func(*Config) {}, []string{"class0", "class1"}},
		{"classes", func(c *Config) { c.Classes = []string{"class1"} }, []string{"class1"}},
		{"confidence", func(c *Config) { c.Confidence = .9 }, nil},
		{"a class's confidence", func(c *Config) { c.ClassConfidence = map[string]float64{"class0": .9} }, []string{"class1"}},
		{"a lower one", func(c *Config) { c.Confidence, c.ClassConfidence = .9, map[string]float64{"class0": .1} }, []string{"class0"}},
		{"size", func(c *Config) { c.MinSize = .2 }, []string{"class1"}},
		{"number", func(c *Config) { c.MaxDetections = 1 }, []string{"class0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tiny(t, detector(0))
			c.set(&cfg)
			p := started(t, cfg, Options{})
			var got []string
			for _, d := range found(t, p, gray(64, 64, 200))[0].Output.Detections {
				got = append(got, d.Label)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnOutputThatIsNotDescribed(t *testing.T) {
	d := detector(0)
	d.OpenOutput = true
	cfg := tiny(t, d)
	cfg.Family = "yolox"
	p := started(t, cfg, Options{})
	if e := found(t, p, gray(64, 64, 200))[0]; len(e.Output.Detections) != 2 {
		t.Errorf("%v, %v", e.Output.Detections, e.Err)
	}
}

func TestTraitsAndNotice(t *testing.T) {
	for fixed, sizes := range map[int][]int{0: nil, 1: {1}, 6: {6}} {
		var notices []string
		p := started(t, tiny(t, detector(fixed)), Options{MaxBatch: 4, OnNotice: func(s string) { notices = append(notices, s) }})
		if got := p.Traits().BatchSizes; !slices.Equal(got, sizes) {
			t.Errorf("fixed at %d: sizes %v", fixed, got)
		}
		found(t, p, gray(64, 64, 200), gray(64, 64, 200))
		said := strings.Count(strings.Join(notices, "\n"), "one by one")
		if want := map[bool]int{true: 1, false: 0}[fixed == 1]; said != want {
			t.Errorf("fixed at %d: said %d times: %q", fixed, said, notices)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	needRuntime(t)
	odd, other := detector(0), detector(0)
	odd.Operator = "NoSuchOperator"
	other.OpenOutput, other.MoreRows = true, 3
	for _, c := range []struct {
		name string
		d    onnxtest.Detector
		ctx  func() context.Context
		want string
	}{
		{"an operator that the runtime does not know", odd, context.Background, "NoSuchOperator"},
		{"an output of another shape", other, context.Background, "float32 [1 87 7], must be float32 [1 84 7]"},
		{"a start that nobody waits for", detector(0), canceled, "context canceled"},
	} {
		cfg := tiny(t, c.d)
		cfg.Family = "yolox"
		p, err := New(cfg, Options{MaxBatch: 2})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err = p.Start(c.ctx())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "tiny.onnx") != 1 {
			t.Errorf("%s: error is %v, want one with the model, once, and %q", c.name, err, c.want)
		}
		if err := p.Process(context.Background(), entries(gray(64, 64, 0))); err == nil {
			t.Errorf("%s: processes all the same", c.name)
		}
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestWarmSizes(t *testing.T) {
	for _, c := range []struct {
		fixed, most int
		want        []int
	}{
		{0, 0, []int{1}}, {0, 3, []int{1, 2, 3}}, {1, 8, []int{1}}, {4, 2, []int{4}},
		{0, 40, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 40}},
	} {
		p, err := New(tiny(t, detector(c.fixed)), Options{MaxBatch: c.most})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.warmSizes(); !slices.Equal(got, c.want) {
			t.Errorf("fixed at %d, at most %d: %v", c.fixed, c.most, got)
		}
	}
}

func TestStopIsHarmless(t *testing.T) {
	needRuntime(t)
	p, err := New(tiny(t, detector(0)), Options{MaxBatch: 3})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(context.Background()); err == nil {
			t.Error("started twice")
		}
		found(t, p, gray(64, 64, 1))
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyDetectionsAreAllocated(t *testing.T) {
	p := started(t, tiny(t, detector(0)), Options{MaxBatch: 4})
	for level, want := range map[byte]float64{0: 0, 200: 4} {
		batch := entries(gray(64, 64, level), gray(128, 64, level), gray(64, 64, level), gray(64, 64, level))
		got := testing.AllocsPerRun(20, func() {
			if err := p.Process(context.Background(), batch); err != nil {
				t.Fatal(err)
			}
		})
		if got > want && !raceDetector {
			t.Errorf("level %d: %v allocations for 4 pictures, want %v", level, got, want)
		}
	}
}

func TestConformance(t *testing.T) {
	needRuntime(t)
	for _, fixed := range []int{0, 1, 3} {
		for _, overlap := range []bool{false, true} {
			t.Run(fmt.Sprintf("batch dimension %d, overlap %v", fixed, overlap), func(t *testing.T) {
				cfg := tiny(t, detector(fixed))
				processortest.Run(t, func() (processortest.Processor, error) {
					return New(cfg, Options{MaxBatch: 8, Overlap: overlap})
				})
			})
		}
	}
}
