package onnx

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
)

func tensor(typ modelfile.ElementType, dims ...int64) modelfile.Value {
	v := modelfile.Value{Name: "t", Type: typ, Shape: []modelfile.Dim{}}
	for _, d := range dims {
		v.Shape = append(v.Shape, modelfile.Dim{Size: d})
	}
	return v
}

func TestWhatIsADetector(t *testing.T) {
	const f32 = modelfile.Float32
	type values = []modelfile.Value
	for _, c := range []struct {
		name          string
		in, out       values
		width, height int
		want          string // part of the error; empty: it is one
	}{
		{"YOLOX", values{tensor(f32, 1, 3, 416, 416)}, values{tensor(f32, 1, 3549, 85)}, 0, 0, ""},
		{"open batch", values{tensor(f32, 0, 3, 416, 416)}, values{tensor(f32, 0, 3549, 85)}, 0, 0, ""},
		{"open output", values{tensor(f32, 0, 3, 416, 416)}, values{tensor(f32, 0, 0, 0)}, 0, 0, ""},
		{"open size, given", values{tensor(f32, 0, 3, 0, 0)}, values{tensor(f32, 0, 0, 85)}, 640, 384, ""},
		{"open size", values{tensor(f32, 0, 3, 0, 0)}, values{tensor(f32, 0, 0, 85)}, 0, 0, "input_height: must be given"},
		{"size that YOLOX has not", values{tensor(f32, 0, 3, 0, 0)}, values{tensor(f32, 0, 0, 85)}, 100, 100, "100×100 input"},
		{"three anchors", values{tensor(f32, 1, 3, 640, 640)}, values{tensor(f32, 1, 25200, 85)}, 0, 0, "YOLOX has 8400 rows of 5 + classes columns, it has the output t float32 [1, 25200, 85]"},
		{"a classifier", values{tensor(f32, 1, 3, 224, 224)}, values{tensor(f32, 1, 1000)}, 0, 0, "is no detector of a known kind: it has inputs [t float32 [1, 3, 224, 224]] and outputs [t float32 [1, 1000]]"},
		{"two outputs", values{tensor(f32, 1, 3, 416, 416)}, values{tensor(f32, 1, 3549, 85), tensor(f32, 1)}, 0, 0, "no detector"},
		{"two inputs", values{tensor(f32, 1, 3, 416, 416), tensor(f32, 1)}, values{tensor(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"bytes in", values{tensor(modelfile.Uint8, 1, 3, 416, 416)}, values{tensor(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"halves out", values{tensor(f32, 1, 3, 416, 416)}, values{tensor(modelfile.Float16, 1, 3549, 85)}, 0, 0, "no detector"},
		{"channels last", values{tensor(f32, 1, 416, 416, 3)}, values{tensor(f32, 1, 3549, 85)}, 0, 0, "no detector"},
		{"batches that differ", values{tensor(f32, 4, 3, 416, 416)}, values{tensor(f32, 2, 3549, 85)}, 0, 0, "no detector"},
		{"no shapes", values{{Name: "t", Type: f32}}, values{{Name: "t", Type: f32}}, 0, 0, "no detector"},
		{"a huge batch", values{tensor(f32, 1<<20, 3, 416, 416)}, values{tensor(f32, 0, 3549, 85)}, 0, 0, "batch dimension"},
		{"a huge side", values{tensor(f32, 1, 3, 8192, 8192)}, values{tensor(f32, 1, 0, 85)}, 0, 0, "8192 pixels"},
	} {
		cfg := DefaultConfig()
		cfg.Model, cfg.InputWidth, cfg.InputHeight = "dir/m.onnx", c.width, c.height
		s, err := newSpec(&modelfile.Model{Inputs: c.in, Outputs: c.out}, cfg, 80)
		switch {
		case c.want == "" && (err != nil || s.head == nil || s.columns != 85 || s.head.Len() != s.rows*s.columns):
			t.Errorf("%s: %+v, %v", c.name, s, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}
