package detect

import (
	"fmt"
	"math"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// kinds are models of every family for 64×64 pixels, two classes, of the types
// that outputs come as.
func kinds(t testing.TB) map[string]*Plan {
	const f16, f32, f64, i32, i64 = tensor.Float16, tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64
	named := func(name string, v tensor.Value) tensor.Value {
		v.Name = name
		return v
	}
	plans := map[string]*Plan{}
	for _, c := range []struct {
		family  string
		outputs []tensor.Value
	}{
		{"yolox", []tensor.Value{value(f32, 0, 84, 7)}},
		{"yolov5", []tensor.Value{value(f16, 0, 252, 7)}},
		{"yolov8", []tensor.Value{value(f64, 0, 6, 84)}},
		{"yolov10", []tensor.Value{value(f16, 0, 20, 6)}},
		{"rtdetr", []tensor.Value{value(f32, 0, 20, 2), named("boxes", value(f16, 0, 20, 4))}},
		{"detr", []tensor.Value{value(f32, 0, 20, 3), named("boxes", value(f64, 0, 20, 4))}},
		{"ssd", []tensor.Value{named("bboxes", value(f16, 0, 20, 4)), named("scores", value(f32, 0, 20)), named("labels", value(i64, 0, 20)), named("num", value(i32, 0))}},
		{"classifier", []tensor.Value{value(f16, 0, 2)}},
	} {
		cfg := DefaultConfig()
		cfg.Family, cfg.Labels, cfg.Confidence = c.family, LabelsNone, .05
		p, err := NewPlan(tensor.Model{Inputs: []tensor.Value{value(f32, 0, 3, 64, 64)}, Outputs: c.outputs}, "m.onnx", cfg)
		if err != nil {
			t.Fatalf("%s: %v", c.family, err)
		}
		plans[c.family] = p
	}
	return plans
}

// outputs are n pictures' outputs whose bytes are those of seed, again and again.
func outputs(p *Plan, n int, seed []byte) []tensor.Tensor {
	all := make([]tensor.Tensor, len(p.Outputs))
	at := 0
	for i, o := range p.Outputs {
		shape := p.OutputShape(i, n)
		data := tensor.Make(o.Type, tensor.Len(shape))
		for k := range data {
			if len(seed) > 0 {
				data[k] = seed[at%len(seed)]
				at++
			}
		}
		all[i] = tensor.Tensor{Type: o.Type, Shape: shape, Data: data}
	}
	return all
}

// Whatever bytes come out of a model, what is said of a picture lies within it.
func FuzzReader(f *testing.F) {
	plans := kinds(f)
	names := []string{"yolox", "yolov5", "yolov8", "yolov10", "rtdetr", "detr", "ssd", "classifier"}
	for i := range names {
		f.Add(byte(i), []byte{0, 0, 0x80, 0x3f}, uint16(64), uint16(64))
		f.Add(byte(i), []byte{0, 0x3c, 0, 0x3c, 0, 0, 0xc0, 0x7f}, uint16(100), uint16(33))
	}
	f.Fuzz(func(t *testing.T, which byte, seed []byte, width, height uint16) {
		p := plans[names[int(which)%len(names)]]
		converter := letterbox.NewConverter(p.Target)
		picture := processortest.Frame(int(width%512)+1, int(height%512)+1, frame.NV12, processortest.Gray(100))
		fit, err := converter.Fit(picture, frame.Box{})
		if err != nil {
			t.Skip()
		}
		out := outputs(p, 2, seed)
		if err := p.Check(out, 2); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			found := p.NewReader().Picture(out, i, fit, frame.Box{})
			if len(found) > p.cfg.MaxDetections {
				t.Fatalf("%d detections", len(found))
			}
			for _, d := range found {
				if err := sound(d); err != nil {
					t.Fatalf("%s: %+v: %v", p.Family(), d, err)
				}
			}
		}
	})
}

func sound(d frame.Detection) error {
	b := d.Box
	switch {
	case !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1 && b.XMin < b.XMax && b.YMin < b.YMax):
		return fmt.Errorf("the box is outside of the picture, or empty")
	case !(d.Confidence >= .05 && d.Confidence <= 1):
		return fmt.Errorf("the confidence is none")
	case d.Class < 0 || d.Label == "" || math.IsNaN(float64(d.Confidence)):
		return fmt.Errorf("it is nothing")
	}
	return nil
}

func TestCheckRefusesWhatWasNotPromised(t *testing.T) {
	p := kinds(t)["ssd"]
	for name, change := range map[string]func([]tensor.Tensor) []tensor.Tensor{
		"an output too few":   func(o []tensor.Tensor) []tensor.Tensor { return o[:3] },
		"another type":        func(o []tensor.Tensor) []tensor.Tensor { o[1].Type = tensor.Float16; return o },
		"another batch":       func(o []tensor.Tensor) []tensor.Tensor { o[1].Shape = []int64{3, 20}; return o },
		"other rows":          func(o []tensor.Tensor) []tensor.Tensor { o[1].Shape = []int64{2, 19}; return o },
		"a dimension less":    func(o []tensor.Tensor) []tensor.Tensor { o[1].Shape = []int64{2}; return o },
		"values that are not": func(o []tensor.Tensor) []tensor.Tensor { o[1].Data = o[1].Data[1:]; return o },
	} {
		if err := p.Check(change(outputs(p, 2, nil)), 2); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Outputs whose size a run tells may have any, within what can be held.
func TestCheckOfOpenShapes(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Family, cfg.Labels = "yolov10", LabelsNone
	p, err := NewPlan(tensor.Model{
		Inputs: []tensor.Value{nchw(64)}, Outputs: []tensor.Value{value(tensor.Float32, 1, 0, 6)},
	}, "m.onnx", cfg)
	if err != nil || !p.OpenOutputs() {
		t.Fatal(p, err)
	}
	for rows, want := range map[int64]bool{0: true, 1: true, 300: true, -1: false, 1 << 40: false, math.MaxInt64: false} {
		data := tensor.Make(tensor.Float32, int(max(min(rows, 300), 0))*6)
		err := p.Check([]tensor.Tensor{{Type: tensor.Float32, Shape: []int64{1, rows, 6}, Data: data}}, 1)
		if (err == nil) != want {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}
