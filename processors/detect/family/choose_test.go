package family

import (
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

const (
	f32 = tensor.Float32
	f16 = tensor.Float16
	i64 = tensor.Int64
)

func one(v tensor.Value) []tensor.Value { return []tensor.Value{v} }

// square is a graph for square inputs; a side of 0 is open.
func square(side int, outputs ...tensor.Value) Graph {
	return Graph{Width: side, Height: side, Outputs: outputs, Options: Options{Scores: ScoresAuto, Boxes: BoxesAuto}}
}

// The shapes are those of the published models' usual exports.
func TestFamiliesAreRecognised(t *testing.T) {
	coco := func(g Graph) Graph { g.Classes, g.Own = 80, true; return g }
	two := func(g Graph) Graph { g.Classes, g.Own = 2, true; return g }
	for _, c := range []struct {
		name    string
		graph   Graph
		want    string
		classes int
	}{
		{"YOLOX-Nano", square(416, value("output", f32, 1, 3549, 85)), "yolox", 80},
		{"YOLOX with four levels", square(1280, value("output", f32, 1, 34000, 85)), "yolox", 80},
		{"YOLOX of two classes", square(640, value("output", f32, 1, 8400, 7)), "yolox", 2},
		{"YOLOX of one class, which has six columns", square(640, value("output", f32, 1, 8400, 6)), "yolox", 1},
		{"YOLOv5", square(640, value("output0", f32, 1, 25200, 85)), "yolov5", 80},
		{"YOLOv5 in half precision", square(640, value("output0", f16, 1, 25200, 85)), "yolov5", 80},
		{"YOLOv5 of one class", square(640, value("output0", f32, 1, 25200, 6)), "yolov5", 1},
		{"YOLOv5-P6", square(1280, value("output0", f32, 1, 102000, 85)), "yolov5", 80},
		{"YOLOv6", square(640, value("outputs", f32, 1, 8400, 85)), "yolov5", 80},
		{"YOLOv8", square(640, value("output0", f32, 1, 84, 8400)), "yolov8", 80},
		{"YOLOv8 of one class", square(640, value("output0", f32, 1, 5, 8400)), "yolov8", 1},
		{"YOLOv8 of two classes", square(640, value("output0", f32, 1, 6, 8400)), "yolov8", 2},
		{"YOLOv8 for 320", square(320, value("output0", f32, 1, 22, 2100)), "yolov8", 18},
		{"YOLOv8, dynamic", coco(square(0, value("output0", f32, 0, 84, 0))), "yolov8", 80},
		{"YOLOv8, transposed, names known", coco(square(640, value("out", f32, 1, 8400, 84))), "yolov8", 80},
		{"YOLOv10", square(640, value("output0", f32, 1, 300, 6)), "yolov10", 0},
		{"YOLOv10, names known", coco(square(640, value("output0", f32, 0, 300, 6))), "yolov10", 0},
		{"YOLOv10 of two classes", two(square(640, value("output0", f32, 1, 300, 6))), "yolov10", 0},
		{"RT-DETR", square(640, value("logits", f32, 0, 300, 80), value("pred_boxes", f32, 0, 300, 4)), "rtdetr", 80},
		{"RT-DETR, the other way round", square(640, value("boxes", f32, 1, 300, 4), value("logits", f32, 1, 300, 80)), "rtdetr", 80},
		{"RT-DETR of two classes", two(square(640, value("logits", f32, 1, 300, 2), value("pred_boxes", f32, 1, 300, 4))), "rtdetr", 2},
		{"RT-DETR by Ultralytics", square(640, value("output0", f32, 1, 300, 84)), "rtdetr", 80},
		{"RT-DETR by Ultralytics, of two classes", Graph{Width: 640, Height: 640, Classes: 2, Title: "Ultralytics rtdetr-l model",
			Outputs: one(value("output0", f32, 1, 300, 6))}, "rtdetr", 2},
		{"Deformable DETR", square(800, value("logits", f32, 1, 300, 91), value("pred_boxes", f32, 1, 300, 4)), "rfdetr", 91},
		{"RF-DETR", square(560, value("dets", f32, 1, 300, 4), value("labels", f32, 1, 300, 91)), "rfdetr", 91},
		{"RF-DETR of two classes", two(square(560, value("dets", f32, 1, 300, 4), value("labels", f32, 1, 300, 2))), "rfdetr", 2},
		{"RF-DETR of four classes", square(560, value("dets", f32, 1, 300, 4), value("labels", f32, 1, 300, 4)), "rfdetr", 4},
		{"DETR", square(800, value("logits", f32, 0, 100, 92), value("pred_boxes", f32, 0, 100, 4)), "detr", 91},
		{"DETR of two classes", two(square(800, value("logits", f32, 0, 100, 3), value("pred_boxes", f32, 0, 100, 4))), "detr", 2},
		{"SSD by TensorFlow", square(0, value("detection_boxes:0", f32, 0, 0, 4), value("detection_classes:0", f32, 0, 0),
			value("detection_scores:0", f32, 0, 0), value("num_detections:0", f32, 0)), "ssd", 0},
		{"SSD by TensorFlow 2", square(0, value("detection_anchor_indices", f32, 1, 100), value("detection_boxes", f32, 1, 100, 4),
			value("detection_classes", f32, 1, 100), value("detection_multiclass_scores", f32, 1, 100, 91), value("detection_scores", f32, 1, 100),
			value("num_detections", f32, 1), value("raw_detection_boxes", f32, 1, 1917, 4), value("raw_detection_scores", f32, 1, 1917, 91)), "ssd", 0},
		{"SSD by TensorFlow Lite", square(300, value("TFLite_Detection_PostProcess", f32, 1, 10, 4), value("TFLite_Detection_PostProcess:1", f32, 1, 10),
			value("TFLite_Detection_PostProcess:2", f32, 1, 10), value("TFLite_Detection_PostProcess:3", f32, 1)), "ssd", 0},
		{"SSD by MLPerf", square(1200, value("bboxes", f32, 1, 0, 4), value("labels", i64, 1, 0), value("scores", f32, 1, 0)), "ssd", 0},
		{"with NVIDIA's suppression", square(640, value("num_dets", tensor.Int32, 1, 1), value("det_boxes", f32, 1, 100, 4),
			value("det_scores", f32, 1, 100), value("det_classes", tensor.Int32, 1, 100)), "ssd", 0},
		{"ResNet", square(224, value("output", f32, 0, 1000)), "classifier", 1000},
		{"SqueezeNet", square(224, value("softmaxout_1", f32, 1, 1000, 1, 1)), "classifier", 1000},
		{"a classifier whose size is open", two(square(0, value("output", f32, 0, 0))), "classifier", 2},
	} {
		f, r, err := Choose(c.graph, Auto, "m.onnx")
		if err != nil || f.Name != c.want || r.Classes != c.classes {
			t.Errorf("%s: %+v, %v", c.name, r, err)
			continue
		}
		if _, again, err := Choose(c.graph, c.want, "m.onnx"); err != nil || again.Classes != r.Classes {
			t.Errorf("%s, stated: %+v, %v", c.name, again, err)
		}
	}
}

func TestWhatIsNotClearMustBeStated(t *testing.T) {
	file := func(names int, g Graph) Graph { g.Classes = names; return g }
	open := square(640, value("o", f32, 0, 0, 0))
	for _, c := range []struct {
		name   string
		graph  Graph
		stated string
		want   []string // parts of the error; none: it is accepted
	}{
		{"nothing is known", open, Auto, []string{"family: must be stated: m.onnx has the output o float32 [?, ?, ?], which may be yolox, yolov5, yolov8, yolov10 or rtdetr"}},
		{"YOLOX", open, "yolox", nil},
		{"YOLOv5", open, "yolov5", nil},
		{"YOLOv8", open, "yolov8", nil},
		{"YOLOv10", open, "yolov10", nil},
		{"RT-DETR", open, "rtdetr", nil},
		{"an end-to-end model of any length", square(640, value("o", f32, 1, 0, 6)), Auto, []string{"may be yolox, yolov5, yolov8, yolov10 or rtdetr"}},
		{"a head without any family's number of rows", square(640, value("o", f32, 1, 5000, 85)), Auto, []string{"model: m.onnx is of no family"}},
		{"YOLOX's shape, decoded", square(640, value("output", f32, 1, 8400, 85)), "yolov5", nil},
		{"neither RT-DETR nor DETR by the number of classes", square(640, value("logits", f32, 1, 100, 7), value("boxes", f32, 1, 100, 4)), Auto,
			[]string{"which may be rtdetr, rfdetr or detr"}},
		{"names of which one is missing, or a transposed YOLOv8", file(3, square(640, value("o", f32, 1, 8400, 7))), Auto, []string{"which may be yolox, yolov5 or yolov8"}},
		{"YOLOv8, transposed", file(3, square(640, value("o", f32, 1, 8400, 7))), "yolov8", nil},
		{"names of which one is missing, or DETR", file(2, square(640, value("logits", f32, 1, 300, 3), value("boxes", f32, 1, 300, 4))), Auto, []string{"which may be rtdetr, rfdetr or detr"}},
		{"a contradiction", square(640, value("o", f32, 1, 25200, 85)), "yolov8",
			[]string{"family: yolov8 has one output [batch, 4 + classes, cells] for an input of 640×640, but m.onnx has the output o float32 [1, 25200, 85]", "yolov5 would fit"}},
		{"a contradiction, transposed", square(640, value("o", f32, 1, 84, 8400)), "yolox", []string{"yolov8 or rtdetr would fit"}},
		{"a size that YOLOX has not", square(100, value("o", f32, 1, 0, 85)), "yolox", []string{"yolox has one output [batch, cells, 5 + classes] for an input of 100×100"}},
		{"another size's rows", square(320, value("o", f32, 1, 8400, 85)), "yolox", []string{"no family that is known here would fit"}},
		{"another batch", Graph{Width: 416, Height: 416, Batch: 4, Outputs: one(value("o", f32, 2, 3549, 85))}, Auto, []string{"is of no family"}},
		{"whole numbers", square(416, value("o", i64, 1, 3549, 85)), Auto, []string{"is of no family"}},
		{"segmentation", square(640, value("output0", f32, 1, 116, 8400), value("output1", f32, 1, 32, 160, 160)), Auto, []string{"is of no family"}},
		{"one number", square(224, value("o", f32, 1, 1)), Auto, []string{"is of no family"}},
		{"boxes that nothing is said of", square(300, value("boxes", f32, 1, 9, 4), value("scores", f32, 1, 9), value("labels", i64, 1, 9)), Auto,
			[]string{"boxes: must be stated"}},
		{"scores and classes that look the same", square(300, value("a", f32, 1, 9, 4), value("b", f32, 1, 9), value("c", f32, 1, 9)), Auto, []string{"is of no family"}},
		{"rows that differ", square(300, value("boxes", f32, 1, 9, 4), value("scores", f32, 1, 8), value("labels", i64, 1, 9)), Auto, []string{"is of no family"}},
		{"no such family", open, "yolo", []string{"family: must be auto or one of [yolox"}},
		{"many outputs", square(640, slices.Repeat(one(value("o", f32, 1, 2, 3, 4, 5)), 1000)...), Auto, []string{"and 992 more"}},
		{"no shape", square(640, tensor.Value{Name: "o", Type: f32}), Auto, []string{"o float32 [unknown shape]"}},
	} {
		_, _, err := Choose(c.graph, c.stated, "m.onnx")
		if len(c.want) == 0 && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error is %v, want one with %q", c.name, err, want)
			}
		}
	}
}

// Whatever shapes a model has, it is one family clearly or none, and what is
// read has the shapes and places that its decoder needs.
func FuzzRead(f *testing.F) {
	f.Add([]byte{3, 1, 0, 80, 6}, 640, 80)
	sizes := []int64{0, 1, 2, 4, 5, 6, 80, 84, 85, 91, 92, 300, 2100, 8400, 25200, 1 << 31}
	types := append([]tensor.Type{tensor.Uint8, 0}, numbers...)
	names := []string{"output", "outputs", "boxes", "scores", "labels", "num", "logits", "raw_boxes", ""}
	f.Fuzz(func(t *testing.T, shape []byte, side, classes int) {
		g := square(min(max(side, 0), 4096), nil...)
		g.Classes = min(max(classes, 0), 1<<20)
		for len(shape) > 1 && len(g.Outputs) < 8 {
			v := value(names[int(shape[0])%len(names)], types[int(shape[1])%len(types)])
			shape = shape[2:]
			for n := len(shape) % 5; n > 0 && len(shape) > 0; n, shape = n-1, shape[1:] {
				v.Shape = append(v.Shape, tensor.Dim{Size: sizes[int(shape[0])%len(sizes)]})
			}
			g.Outputs = append(g.Outputs, v)
		}
		for _, f := range All {
			r := f.Read(g)
			if r.Fit == No {
				continue
			}
			if r.Decoder == nil || len(r.Outputs) == 0 || len(r.Outputs) != len(r.Shapes) || r.Classes < 0 {
				t.Fatalf("%s: %+v", f.Name, r)
			}
			for k, i := range r.Outputs {
				if len(r.Shapes[k]) != len(g.Outputs[i].Shape)-1 {
					t.Fatalf("%s: output %d as %v of %v", f.Name, i, r.Shapes[k], g.Outputs[i])
				}
			}
		}
		if _, _, err := Choose(g, Auto, "m.onnx"); err == nil && len(g.Outputs) == 0 {
			t.Fatal("a model without outputs is of a family")
		}
	})
}
