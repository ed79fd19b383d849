package onnx

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// What a real network says, row by row: centre, size, in pixels, and one score
// per class.
type said struct {
	box    [4]float32
	scores []float32
}

// realRows decodes YOLOX's output for 416×416.
func realRows(out []float32) []said {
	const columns = 85
	var all []said
	i := 0
	for _, stride := range []int{8, 16, 32} {
		for y := range 416 / stride {
			for x := range 416 / stride {
				v, s := out[i*columns:][:columns], float32(stride)
				i++
				size := func(log float32) float32 { return float32(math.Exp(float64(log))) * s }
				r := said{box: [4]float32{(v[0] + float32(x)) * s, (v[1] + float32(y)) * s, size(v[2]), size(v[3])}}
				for _, p := range v[5:] {
					r.scores = append(r.scores, p*v[4])
				}
				all = append(all, r)
			}
		}
	}
	return all
}

// retelling says the same in the way of another family.
type retelling struct {
	family string
	nms    string
	// outputs are the descriptions, without the batch, and fill writes them;
	// rows are all of them, or the best 300.
	all     bool
	outputs []tensor.Value
	fill    func(out [][]float32, i int, r said)
}

func output(name string, typ tensor.Type, sizes ...int64) tensor.Value {
	v := tensor.Value{Name: name, Type: typ}
	for _, s := range sizes {
		v.Shape = append(v.Shape, tensor.Dim{Size: s})
	}
	return v
}

func retellings() []retelling {
	const f32, n = tensor.Float32, 300
	most := func(r said) (class float32, score float32) {
		score = slices.Max(r.scores)
		return float32(slices.Index(r.scores, score)), score
	}
	corners := func(r said) []float32 {
		b := r.box
		return []float32{b[0] - b[2]/2, b[1] - b[3]/2, b[0] + b[2]/2, b[1] + b[3]/2}
	}
	return []retelling{
		{"yolov5", "auto", true, []tensor.Value{output("outputs", f32, 1, 3549, 85)}, func(out [][]float32, i int, r said) {
			copy(out[0][85*i:], append(append(r.box[:], 1), r.scores...))
		}},
		{"yolov8", "auto", true, []tensor.Value{output("output0", f32, 1, 84, 3549)}, func(out [][]float32, i int, r said) {
			for k, v := range append(r.box[:], r.scores...) {
				out[0][3549*k+i] = v
			}
		}},
		{"yolov10", "class", false, []tensor.Value{output("output0", f32, 1, n, 6)}, func(out [][]float32, i int, r said) {
			class, score := most(r)
			copy(out[0][6*i:], append(corners(r), score, class))
		}},
		{"rtdetr", "class", false, []tensor.Value{output("output0", f32, 1, n, 84)}, func(out [][]float32, i int, r said) {
			for k, v := range append(r.box[:], r.scores...) {
				if k < 4 {
					v /= 416
				}
				out[0][84*i+k] = v
			}
		}},
		{"rtdetr", "class", false, []tensor.Value{output("logits", f32, 1, n, 80), output("pred_boxes", f32, 1, n, 4)}, func(out [][]float32, i int, r said) {
			class, score := most(r)
			for c := range 80 {
				out[0][80*i+c] = -99
			}
			out[0][80*i+int(class)] = float32(math.Log(float64(score) / (1 - float64(score))))
			for k, v := range r.box {
				out[1][4*i+k] = v / 416
			}
		}},
		{"ssd", "class", false, []tensor.Value{output("detection_boxes", f32, 1, n, 4), output("detection_scores", f32, 1, n), output("detection_classes", f32, 1, n)},
			func(out [][]float32, i int, r said) {
				class, score := most(r)
				for k, v := range corners(r) {
					out[0][4*i+k^1] = v / 416 // y before x
				}
				out[1][i], out[2][i] = score, class
			}},
	}
}

// What a real network has seen in the footage, said in the way of each other
// family, gives the same detections as in its own.
func TestRealOutputsInEveryFamily(t *testing.T) {
	p := started(t, config(t, fixedModel), Options{})
	frames := film(t, "bottle-detection.mp4", 640, 360)[:20]
	for _, c := range retellings() {
		t.Run(c.family, func(t *testing.T) {
			plan := c.plan(t)
			total := 0
			for _, f := range frames {
				want := beyond(found(t, p, f)[0].Output.Detections, .3)
				got := beyond(c.detections(t, plan, realRows(lastOutput(p)), f), .3)
				sameDetections(t, "as "+c.family, got, want, 1e-5)
				total += len(got)
			}
			if total < 2*len(frames) {
				t.Errorf("%d detections prove little", total)
			}
		})
	}
}

func (c retelling) plan(t *testing.T) *detect.Plan {
	t.Helper()
	cfg := detect.DefaultConfig()
	cfg.InputFit, cfg.NMS, cfg.Labels = "top-left", c.nms, detect.LabelsCOCO
	plan, err := detect.NewPlan(tensor.Model{
		Inputs: []tensor.Value{output("images", tensor.Float32, 1, 3, 416, 416)}, Outputs: c.outputs,
	}, "retold.onnx", cfg)
	if err != nil || plan.Family() != c.family {
		t.Fatalf("%v, %v", plan, err)
	}
	return plan
}

func (c retelling) detections(t *testing.T, plan *detect.Plan, rows []said, f *frame.Frame) []frame.Detection {
	t.Helper()
	if !c.all {
		slices.SortStableFunc(rows, func(a, b said) int { return cmp.Compare(slices.Max(b.scores), slices.Max(a.scores)) })
		rows = rows[:300]
	}
	values := make([][]float32, len(c.outputs))
	tensors := make([]tensor.Tensor, len(c.outputs))
	for k := range c.outputs {
		shape := plan.OutputShape(k, 1)
		values[k] = make([]float32, tensor.Len(shape))
		tensors[k] = tensor.Tensor{Type: tensor.Float32, Shape: shape, Data: tensor.Bytes(values[k])}
	}
	for i, r := range rows {
		c.fill(values, i, r)
	}
	if err := plan.Check(tensors, 1); err != nil {
		t.Fatal(err)
	}
	fit, err := letterbox.NewConverter(plan.Target).Fit(f, frame.Box{})
	if err != nil {
		t.Fatal(err)
	}
	return plan.NewReader().Picture(tensors, 0, fit, frame.Box{})
}
