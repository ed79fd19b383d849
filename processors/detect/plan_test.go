package detect

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

func value(typ tensor.Type, dims ...int64) tensor.Value {
	v := tensor.Value{Name: "t", Type: typ, Shape: []tensor.Dim{}}
	for _, d := range dims {
		v.Shape = append(v.Shape, tensor.Dim{Size: d})
	}
	return v
}

func TestWhatIsADetector(t *testing.T) {
	const f32 = tensor.Float32
	type values = []tensor.Value
	for _, c := range []struct {
		name          string
		in, out       values
		width, height int
		want          string // part of the error; empty: it is one
	}{
		{"YOLOX", values{value(f32, 1, 3, 416, 416)}, values{value(f32, 1, 3549, 85)}, 0, 0, ""},
		{"open batch", values{value(f32, 0, 3, 416, 416)}, values{value(f32, 0, 3549, 85)}, 0, 0, ""},
		{"open output", values{value(f32, 0, 3, 416, 416)}, values{value(f32, 0, 0, 0)}, 0, 0, ""},
		{"open size, given", values{value(f32, 0, 3, 0, 0)}, values{value(f32, 0, 0, 85)}, 640, 384, ""},
		{"open size", values{value(f32, 0, 3, 0, 0)}, values{value(f32, 0, 0, 85)}, 0, 0, "input_height: must be given"},
		{"size that YOLOX has not", values{value(f32, 0, 3, 0, 0)}, values{value(f32, 0, 0, 85)}, 100, 100, "100×100 input"},
		{"three anchors", values{value(f32, 1, 3, 640, 640)}, values{value(f32, 1, 25200, 85)}, 0, 0, "YOLOX has 8400 rows of 5 + classes columns, it has the output t float32 [1, 25200, 85]"},
		{"a classifier", values{value(f32, 1, 3, 224, 224)}, values{value(f32, 1, 1000)}, 0, 0, "is no detector of a known kind: it has inputs [t float32 [1, 3, 224, 224]] and outputs [t float32 [1, 1000]]"},
		{"two outputs", values{value(f32, 1, 3, 416, 416)}, values{value(f32, 1, 3549, 85), value(f32, 1)}, 0, 0, "no detector"},
		{"two inputs", values{value(f32, 1, 3, 416, 416), value(f32, 1)}, values{value(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"bytes in", values{value(tensor.Uint8, 1, 3, 416, 416)}, values{value(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"halves out", values{value(f32, 1, 3, 416, 416)}, values{value(tensor.Float16, 1, 3549, 85)}, 0, 0, "no detector"},
		{"channels last", values{value(f32, 1, 416, 416, 3)}, values{value(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"batches that differ", values{value(f32, 4, 3, 416, 416)}, values{value(f32, 2, 3549, 85)}, 0, 0, "no detector"},
		{"no shapes", values{{Name: "t", Type: f32}}, values{{Name: "t", Type: f32}}, 0, 0, "no detector"},
		{"a huge batch", values{value(f32, 1<<20, 3, 416, 416)}, values{value(f32, 0, 3549, 85)}, 0, 0, "batch dimension"},
		{"a huge side", values{value(f32, 1, 3, 8192, 8192)}, values{value(f32, 1, 0, 85)}, 0, 0, "8192 pixels"},
	} {
		cfg := DefaultConfig()
		cfg.InputWidth, cfg.InputHeight = c.width, c.height
		p, err := NewPlan(tensor.Model{Inputs: c.in, Outputs: c.out}, "m.onnx", cfg)
		switch {
		case c.want == "" && (err != nil || p.decoder == nil || p.want[0][1] != 85):
			t.Errorf("%s: %+v, %v", c.name, p, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}
