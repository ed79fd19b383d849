package detect

import (
	"math"
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
	yolox := values{value(f32, 1, 3549, 85)}
	stated := func(c *Config) { c.Family = "yolox" }
	for _, c := range []struct {
		name    string
		in, out values
		set     func(*Config)
		want    string // the target, or part of the error
	}{
		{"YOLOX", values{value(f32, 1, 3, 416, 416)}, yolox, nil, "416×416 float32 nchw bgr top-left"},
		{"open batch", values{value(f32, 0, 3, 416, 416)}, values{value(f32, 0, 3549, 85)}, nil, "416×416 float32 nchw bgr top-left"},
		{"bytes in", values{value(tensor.Uint8, 1, 3, 416, 416)}, yolox, nil, "416×416 uint8 nchw bgr top-left"},
		{"halves in", values{value(tensor.Float16, 1, 3, 416, 416)}, yolox, nil, "416×416 float16 nchw bgr top-left"},
		{"channels last", values{value(f32, 1, 416, 416, 3)}, yolox, nil, "416×416 float32 nhwc bgr top-left"},
		{"grey", values{value(f32, 1, 1, 416, 416)}, yolox, nil, "416×416 float32 nchw grey top-left"},
		{"open size", values{value(f32, 0, 3, 0, 0)}, values{value(f32, 0, 0, 85)}, stated, "640×640 float32 nchw bgr top-left"},
		{"open size, given", values{value(f32, 0, 3, 0, 0)}, values{value(f32, 0, 0, 85)}, func(c *Config) {
			c.Family, c.InputWidth, c.InputHeight = "yolox", 640, 384
		}, "640×384 float32 nchw bgr top-left"},
		{"YOLOv8", values{value(f32, 1, 3, 640, 640)}, values{value(f32, 1, 84, 8400)}, nil, "640×640 float32 nchw rgb centred"},
		{"stated otherwise", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) {
			c.InputColour, c.InputFit = "rgb", "stretch"
		}, "416×416 float32 nchw rgb stretch"},
		{"a classifier", values{value(f32, 1, 3, 224, 224)}, values{value(f32, 1, 80)}, nil, "224×224 float32 nchw rgb centre-crop"},

		{"another size", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.InputHeight = 640 }, "input_height: must be 416, the model's own, or left out; is 640"},
		{"no family's outputs", values{value(f32, 1, 3, 416, 416)}, values{value(f32, 1, 3549, 85), value(f32, 1)}, nil, "is of no family"},
		{"two inputs", values{value(f32, 1, 3, 416, 416), value(f32, 1)}, yolox, nil, "model: m.onnx has 2 inputs (t float32 [1, 3, 416, 416], t float32 [1]), must have one"},
		{"words in", values{value(8, 1, 3, 416, 416)}, yolox, nil, "has the input t string"},
		{"five dimensions", values{value(f32, 1, 1, 3, 416, 416)}, yolox, nil, "must have one input of float32"},
		{"four channels", values{value(f32, 1, 4, 416, 416)}, yolox, nil, "must have one input of float32"},
		{"a layout that it has not", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.InputLayout = "nhwc" }, "input_layout: is nhwc, but"},
		{"a layout that nothing tells", values{value(f32, 1, 0, 0, 0)}, yolox, nil, "input_layout: must be nchw or nhwc"},
		{"grey for a colour model", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.InputColour = "grey" }, "input_colour: is grey, but"},
		{"a scale for bytes", values{value(tensor.Uint8, 1, 3, 416, 416)}, yolox, func(c *Config) { c.InputScale = .1 }, "input_scale: must be left out"},
		{"scores of a detector", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.Scores = "logits" }, "scores: must be auto but for a classifier"},
		{"SSD's boxes of another", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.Boxes = "yxyx" }, "boxes: must be auto but for ssd"},
		{"a crop smaller than the input", values{value(f32, 1, 3, 224, 224)}, values{value(f32, 1, 80)}, func(c *Config) { c.InputShorter = 200 }, "input_shorter: must be at least the input's 224"},
		{"a crop that there is not", values{value(f32, 1, 3, 416, 416)}, yolox, func(c *Config) { c.InputShorter = 500 }, "input_shorter: must be left out"},
		{"a million classes", values{value(f32, 1, 3, 224, 224)}, values{value(f32, 1, 1<<20)}, func(c *Config) { c.Labels = LabelsNone }, "at most 65536 are supported"},
		{"suppression without boxes", values{value(f32, 1, 3, 224, 224)}, values{value(f32, 1, 80)}, func(c *Config) { c.NMS = "class" }, "nms: must be auto or off"},
		{"no shapes", values{{Name: "t", Type: f32}}, values{{Name: "t", Type: f32}}, nil, "must have one input"},
		{"a huge batch", values{value(f32, 1<<20, 3, 416, 416)}, values{value(f32, 0, 3549, 85)}, nil, "batch dimension"},
		{"a huge side", values{value(f32, 1, 3, 8192, 8192)}, values{value(f32, 1, 0, 85)}, nil, "8192 pixels"},
		{"a huge output", values{value(f32, 1, 3, 416, 416)}, values{value(f32, 1, 1<<31, 6)}, func(c *Config) { c.Family, c.Labels = "yolov10", LabelsNone }, "is too large"},
	} {
		cfg := DefaultConfig()
		if c.set != nil {
			c.set(&cfg)
		}
		p, err := NewPlan(tensor.Model{Inputs: c.in, Outputs: c.out}, "m.onnx", cfg)
		got := ""
		if err == nil {
			got = p.String()
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// What a level becomes: by the family, the model's metadata, and the config.
func TestWhatALevelBecomes(t *testing.T) {
	const ultralytics = "author=Ultralytics"
	for _, c := range []struct {
		name     string
		in, out  tensor.Value
		metadata string // key=value, one per line
		set      func(*Config)
		first    [2]float64 // what levels 0 and 255 of the first channel become
	}{
		{"YOLOX", nchw(416), value(tensor.Float32, 1, 3549, 85), "", nil, [2]float64{0, 255}},
		{"YOLOv8", nchw(640), value(tensor.Float32, 1, 84, 8400), "", nil, [2]float64{0, 1}},
		{"a classifier", nchw(224), value(tensor.Float32, 1, 80), "", nil, [2]float64{-.485 / .229, .515 / .229}},
		{"a classifier of Ultralytics", nchw(224), value(tensor.Float32, 1, 80), ultralytics, nil, [2]float64{0, 1}},
		{"a classifier of TensorFlow", value(tensor.Float32, 1, 224, 224, 3), value(tensor.Float32, 1, 80), "", nil, [2]float64{-1, 1}},
		{"bytes", value(tensor.Uint8, 1, 224, 224, 3), value(tensor.Float32, 1, 80), "", nil, [2]float64{0, 255}},
		{"the model's own", nchw(416), value(tensor.Float32, 1, 3549, 85), "input_scale=0.5\ninput_mean=[10, 0, 0]\ninput_std=4", nil, [2]float64{-2.5, 29.375}},
		{"stated over the model's own", nchw(416), value(tensor.Float32, 1, 3549, 85), "input_scale=0.5", func(c *Config) { c.InputScale = 1. / 255 }, [2]float64{0, 1}},
		{"mean and deviation stated", nchw(416), value(tensor.Float32, 1, 3549, 85), "", func(c *Config) {
			c.InputMean, c.InputStd = []float64{103.53}, []float64{57.375, 1, 1}
		}, [2]float64{-103.53 / 57.375, (255 - 103.53) / 57.375}},
	} {
		cfg := DefaultConfig()
		if c.set != nil {
			c.set(&cfg)
		}
		p, err := NewPlan(tensor.Model{Inputs: []tensor.Value{c.in}, Outputs: []tensor.Value{c.out}, Metadata: pairs(c.metadata)}, "m.onnx", cfg)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, level := range []float32{0, 255} {
			if got := (level - p.Target.Mean[0]) * p.Target.Scale[0]; math.Abs(float64(got)-c.first[i]) > 1e-4 {
				t.Errorf("%s: level %v becomes %v, want %v", c.name, level, got, c.first[i])
			}
		}
	}
}

func nchw(side int64) tensor.Value { return value(tensor.Float32, 1, 3, side, side) }

func pairs(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		key, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		m[key] = v
	}
	return m
}

func TestMetadata(t *testing.T) {
	open := value(tensor.Float32, 0, 3, 0, 0)
	for _, c := range []struct {
		name, metadata string
		want           string // the target and the family, or part of the error
	}{
		{"an Ultralytics detector", "author=Ultralytics\ntask=detect\nimgsz=[384, 640]", "640×384 float32 nchw rgb centred"},
		{"one side", "imgsz=320", "320×320 float32 nchw rgb centred"},
		{"sizes that say nothing", "imgsz=[a]", "640×640 float32 nchw rgb centred"},
		{"sizes that cannot be", "imgsz=[-1, 1000000]", "640×640 float32 nchw rgb centred"},
		{"our own keys", "family=yolov8\ninput_colour=bgr\ninput_fit=top-left\ninput_pad=0", "640×640 float32 nchw bgr top-left"},
		{"a family that means something else", "family=resnet", "640×640 float32 nchw rgb centred"},
		{"a contradiction", "family=yolov5", "yolov5 has one output"},
		{"another task", "author=Ultralytics\ntask=pose", `m.onnx is for the task "pose", must be for detect or classify`},
		{"somebody else's task", "task=object-detection", "640×640 float32 nchw rgb centred"},
		{"a setting that cannot be", "input_colour=cmyk", "model: m.onnx's metadata has what cannot be"},
		{"no number", "input_scale=1/255", "model: m.onnx's metadata has input_scale: \"1/255\", which cannot be"},
		{"too many numbers", "input_pad=[1, 2]", "metadata has input_pad"},
	} {
		p, err := NewPlan(tensor.Model{
			Inputs: []tensor.Value{open}, Outputs: []tensor.Value{value(tensor.Float32, 0, 84, 0)}, Metadata: pairs(c.metadata),
		}, "m.onnx", DefaultConfig())
		got := ""
		if err == nil {
			got = p.String()
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
