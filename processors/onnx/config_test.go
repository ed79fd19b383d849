package onnx

import (
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/nvpipe/nvpipe/processors/detect"
)

func TestDefaultsNeedOnlyAModel(t *testing.T) {
	cfg := DefaultConfig()
	if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), "model: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %v, want one about the model alone", err)
	}
	cfg.Model = "m.onnx"
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeIsReported(t *testing.T) {
	err := Config{Config: detect.Config{
		Family: "yolov4", InputWidth: -1, InputHeight: 5000, Confidence: 1.5, NMSIoU: math.NaN(),
		ClassConfidence: map[string]float64{"cat": -1}, MaxDetections: 0, MinSize: 1,
	}, Threads: 257}.Validate()
	var got []string
	for line := range strings.Lines(err.Error()) {
		key, _, _ := strings.Cut(line, ": ")
		got = append(got, key)
	}
	want := []string{"model", "family", "labels", "input_width", "input_height", "confidence",
		"class_confidence.cat", "nms_iou", "max_detections", "min_size", "threads"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q\n%v", got, want, err)
	}
}

func TestEveryFieldHasItsTag(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if f.Anonymous {
			continue
		}
		if tag := f.Tag.Get("yaml"); !snake.MatchString(tag) {
			t.Errorf("%s has the tag %q", f.Name, tag)
		}
	}
	cfg := DefaultConfig()
	cfg.Model, cfg.Classes, cfg.ClassConfidence = "m", []string{"cat"}, map[string]float64{"cat": .5}
	text, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var again Config
	if err := yaml.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(cfg, again) {
		t.Errorf("%+v became %+v, %v", cfg, again, err)
	}
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		set  func(*Config)
		want string
	}{
		{"no such model", func(c *Config) { c.Model = filepath.Join(dir, "none.onnx") }, "model: " + filepath.Join(dir, "none.onnx") + " does not exist"},
		{"a folder", func(c *Config) { c.Model = dir }, "is a folder"},
		{"labels for a model", func(c *Config) { c.Model = c.Labels }, "not a readable ONNX model"},
		{"no such labels", func(c *Config) { c.Labels = filepath.Join(dir, "none") }, "labels: must be"},
		{"too many labels", func(c *Config) { c.Labels = detect.LabelsCOCO }, "labels: coco has 80 names, but tiny.onnx has 2 classes"},
		{"an unknown class", func(c *Config) { c.Classes = []string{"class0", "cat"} }, `classes[1]: no class is named "cat"; the labels are ["class0" "class1"]`},
		{"a threshold for an unknown class", func(c *Config) { c.ClassConfidence = map[string]float64{"dog": .5} }, `class_confidence.dog: no class is named "dog"`},
		{"another size than the model's", func(c *Config) { c.InputWidth = 640 }, "input_width: must be 64, the model's own"},
		{"a wrong setting", func(c *Config) { c.NMSIoU = 2 }, "nms_iou: must be 0–1, is 2"},
	} {
		cfg := tiny(t, detector(0))
		c.set(&cfg)
		if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}
