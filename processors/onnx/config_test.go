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
	cfg := DefaultConfig()
	cfg.NMSIoU = math.NaN()
	cfg.SHA256 = map[string]string{"m.onnx": "abc"}
	cfg.Providers = []string{"cuda", "gpu", "cuda", CPU}
	cfg.ProviderOptions = map[string]map[string]string{"openvino": {}, CPU: {"a": "b"}}
	cfg.Threads = 257
	var got []string
	err := cfg.Validate()
	for line := range strings.Lines(err.Error()) {
		key, _, _ := strings.Cut(line, ": ")
		got = append(got, key)
	}
	want := []string{"model", "sha256.m.onnx", "nms_iou", "providers[1]", "providers[2]", "provider_options.cpu", "provider_options.openvino", "threads"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q\n%v", got, want, err)
	}
	cfg.Providers = nil
	if err := cfg.Validate(); !strings.Contains(err.Error(), "providers: must have at least one of cpu, tensorrt, cuda") {
		t.Error(err)
	}
}

func TestEveryFieldHasItsTag(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+[0-9]*(_[a-z]+)*$`)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if f.Anonymous {
			continue
		}
		if tag := f.Tag.Get("yaml"); !snake.MatchString(tag) {
			t.Errorf("%s has the tag %q", f.Name, tag)
		}
	}
	cfg := tiny(t, detector(0))
	cfg.SHA256 = map[string]string{"m.onnx": "00"}
	cfg.ProviderOptions = map[string]map[string]string{"cuda": {"device_id": "1"}}
	text, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	again := DefaultConfig()
	if err := yaml.Unmarshal(text, &again); err != nil ||
		!reflect.DeepEqual(again.ProviderOptions, cfg.ProviderOptions) || !reflect.DeepEqual(again.SHA256, cfg.SHA256) ||
		again.Model != cfg.Model || again.Labels != cfg.Labels {
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
