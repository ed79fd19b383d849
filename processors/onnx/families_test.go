package onnx

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
	"github.com/nvpipe/nvpipe/processors/onnx/onnxtest"
)

// The one thing that the models of this file find, in pixels of their 64×64
// input, of class 1 of two, with a score that a picture of level 200 makes 0.8.
var centre, size = [2]float32{36, 30}, [2]float32{24, 12}

const (
	cells64 = 84 // of strides 8, 16 and 32
	place   = 5  // the row in which it is found
	score   = .8
)

// rows is an output of n rows that are all blank but one; say writes that one
// and how it follows the level.
func rows(n, columns int, blank float32, say func(base, gain []float32)) onnxtest.Speech {
	s := onnxtest.Speech{Name: "output", Shape: []int{n, columns}, Base: make([]float32, n*columns), Gain: make([]float32, n*columns)}
	for i := range s.Base {
		s.Base[i] = blank
	}
	say(s.Base[place*columns:][:columns], s.Gain[place*columns:][:columns])
	return s
}

func flat(name string, n int, at, gain float32) onnxtest.Speech {
	s := onnxtest.Speech{Name: name, Shape: []int{n}, Base: make([]float32, n), Gain: make([]float32, n)}
	s.Base[place], s.Gain[place] = at, gain
	return s
}

// models has one of each kind. Their scores follow the level where they are no
// logits.
func models() map[string]onnxtest.Speaker {
	const unit, raw = score / (200. / 255), score / 200.
	box := [4]float32{centre[0], centre[1], size[0], size[1]}
	share := [4]float32{centre[0] / 64, centre[1] / 64, size[0] / 64, size[1] / 64}
	corners := [4]float32{centre[0] - size[0]/2, centre[1] - size[1]/2, centre[0] + size[0]/2, centre[1] + size[1]/2}
	yxyx := [4]float32{corners[1] / 64, corners[0] / 64, corners[3] / 64, corners[2] / 64}
	boxes := func(b [4]float32) onnxtest.Speech {
		return rows(20, 4, 0, func(base, _ []float32) { copy(base, b[:]) }).Called("pred_boxes")
	}
	yolov8 := rows(cells64, 6, 0, func(base, gain []float32) {
		copy(base, box[:])
		gain[5] = unit
	})
	logits := func(columns int, likelihood float32) onnxtest.Speech {
		s := rows(20, columns, -9, func(base, _ []float32) { base[1] = likelihood }).Called("logits")
		for i := range 20 {
			if columns == 3 && i != place {
				s.Base[3*i+2] = 9
			}
		}
		return s
	}
	one := func(outputs ...onnxtest.Speech) onnxtest.Speaker {
		return onnxtest.Speaker{Width: 64, Height: 64, Outputs: outputs}
	}
	tensorFlow := one(
		boxes(yxyx).Called("detection_boxes"),
		flat("detection_scores", 20, 0, raw), flat("detection_classes", 20, 1, 0),
		onnxtest.Speech{Name: "num_detections", Shape: []int{}, Base: []float32{place + 1}},
	)
	tensorFlow.Type, tensorFlow.ChannelsLast = onnxtest.Uint8, true
	openRows := one(slices.Clone(tensorFlow.Outputs)...)
	openRows.Type, openRows.ChannelsLast = onnxtest.Uint8, true
	for i := range openRows.Outputs {
		openRows.Outputs[i].Open = true
	}
	half := one(yolov8.Transposed().Of(onnxtest.Float16))
	half.Type = onnxtest.Float16
	return map[string]onnxtest.Speaker{
		"yolov5": one(rows(3*cells64, 7, 0, func(base, gain []float32) {
			copy(base, box[:])
			gain[4], base[6] = unit, 1
		})),
		"yolov8":                   one(yolov8.Transposed()),
		"yolov8 transposed":        one(yolov8),
		"yolov8 in half precision": half,
		"yolov10": one(rows(20, 6, 0, func(base, gain []float32) {
			copy(base, corners[:])
			gain[4], base[5] = unit, 1
		})),
		"rtdetr": one(logits(2, float32(math.Log(score/(1-score)))), boxes(share)),
		"rfdetr": one(boxes(share).Called("dets"), logits(2, float32(math.Log(score/(1-score)))).Called("labels")),
		"rtdetr in rows": one(rows(20, 6, 0, func(base, gain []float32) {
			copy(base, share[:])
			gain[5] = unit
		})),
		"detr":            one(logits(3, float32(math.Log(score/(1-score)))-9+float32(math.Log(2))), boxes(share)),
		"ssd":             tensorFlow,
		"ssd of any rows": openRows,
		"ssd in pixels": one(boxes(corners).Called("det_boxes"), flat("det_scores", 20, score, 0),
			flat("det_classes", 20, 1, 0).Of(onnxtest.Int64), onnxtest.Speech{Name: "num_dets", Type: onnxtest.Int64, Shape: []int{1}, Base: []float32{20}}),
		"classifier":               one(onnxtest.Speech{Name: "out", Shape: []int{2}, Base: []float32{1 - score, score}}),
		"classifier, logits, 1, 1": one(onnxtest.Speech{Name: "out", Shape: []int{2, 1, 1}, Base: []float32{5, 5 + float32(math.Log(score/(1-score)))}}),
	}
}

// What is stated beside two labels, where shapes do not tell.
var stated = map[string]func(*Config){
	"rtdetr in rows": func(c *Config) { c.Family = "rtdetr" }, // of two classes, like yolov10
	"rtdetr":         func(c *Config) { c.Family = "rtdetr" },
	"detr":           func(c *Config) { c.Family = "detr" },
	// Like yolox with a label too many.
	"yolov8 transposed": func(c *Config) { c.Family = "yolov8" },
}

func speaking(t testing.TB, name string, s onnxtest.Speaker) Config {
	t.Helper()
	dir := t.TempDir()
	cfg := DefaultConfig()
	cfg.Model, cfg.Labels = filepath.Join(dir, "speaker.onnx"), filepath.Join(dir, "labels.txt")
	for path, data := range map[string][]byte{cfg.Model: s.Bytes(), cfg.Labels: []byte("a\nb\n")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if set := stated[name]; set != nil {
		set(&cfg)
	}
	return cfg
}

// Every family through the real runtime: recognised, fed as its models are, and
// read, in batches of several pictures of different shapes.
func TestEveryFamily(t *testing.T) {
	all := models()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			p := started(t, speaking(t, name, all[name]), Options{MaxBatch: 3})
			batch := found(t, p, gray(64, 64, 200), gray(128, 64, 200), gray(256, 256, 200))
			tolerance := 1e-4
			if all[name].Type == onnxtest.Float16 {
				tolerance = 1e-3
			}
			for i, wide := range []bool{false, true, false} {
				want := frame.Detection{Class: 1, Label: "b", Confidence: score, Box: expected(p, wide)}
				got := batch[i].Output.Detections
				if wide && len(got) == 1 { // padding has a level of its own
					want.Confidence = got[0].Confidence
				}
				if batch[i].Err != nil || len(got) != 1 || got[0].Label != "b" || differ(got[0], want, tolerance) {
					t.Errorf("picture %d: %+v, %v; want %+v", i, got, batch[i].Err, want)
				}
			}
		})
	}
}

// expected is where the thing is in a picture that is square or twice as wide.
func expected(p *Processor, wide bool) frame.Box {
	x1, y1, x2, y2 := centre[0]-size[0]/2, centre[1]-size[1]/2, centre[0]+size[0]/2, centre[1]+size[1]/2
	top, height := float32(0), float32(64)
	switch mode := p.plan.Target.Mode; {
	case mode == letterbox.CentreCrop: // a classifier speaks of the whole
		return frame.Box{XMax: 1, YMax: 1}
	case wide && mode == letterbox.Centred:
		top, height = 16, 32
	}
	return frame.Box{XMin: x1 / 64, YMin: (y1 - top) / height, XMax: x2 / 64, YMax: (y2 - top) / height}
}

// An open number of rows may be none.
func TestNothingFoundWithOpenRows(t *testing.T) {
	s := models()["ssd of any rows"]
	for i, o := range s.Outputs[:3] {
		s.Outputs[i].Shape = append([]int{0}, o.Shape[1:]...)
		s.Outputs[i].Base, s.Outputs[i].Gain = nil, nil
	}
	p := started(t, speaking(t, "", s), Options{MaxBatch: 2})
	for _, e := range found(t, p, gray(64, 64, 200), gray(64, 64, 100)) {
		if e.Err != nil || len(e.Output.Detections) != 0 {
			t.Errorf("%+v, %v", e.Output.Detections, e.Err)
		}
	}
}

// A classifier on a crop answers with the crop.
func TestClassifierSpeaksOfTheRegion(t *testing.T) {
	p := started(t, speaking(t, "", models()["classifier"]), Options{})
	region := frame.Box{XMin: .25, YMin: .25, XMax: .75, YMax: .5}
	batch := entries(gray(64, 64, 200))
	batch[0].Region = region
	if err := p.Process(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if got := batch[0].Output.Detections; len(got) != 1 || got[0].Box != region {
		t.Errorf("%+v, %v", got, batch[0].Err)
	}
}

// The names, the size and the kind of input come from the model itself.
func TestMetadataIsEnough(t *testing.T) {
	s := models()["yolov8"]
	s.OpenSize = true
	s.Metadata = map[string]string{"author": "Ultralytics", "task": "detect", "imgsz": "[64, 64]", "names": "{0: 'ball', 1: 'box'}"}
	cfg := speaking(t, "", s)
	cfg.Labels = DefaultConfig().Labels
	p := started(t, cfg, Options{})
	got := found(t, p, gray(64, 64, 200))[0].Output.Detections
	if len(got) != 1 || got[0].Label != "box" || p.plan.Target.Width != 64 {
		t.Errorf("%+v at %+v", got, p.plan.Target)
	}
}
