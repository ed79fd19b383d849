package onnx

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Config is one detector as users set it.
type Config struct {
	// Model is the path of the ONNX file.
	Model string `yaml:"model"`
	// Library is the path of ONNX Runtime's shared library, 1.24 or newer.
	// Empty: $NVPIPE_ONNXRUNTIME; else what scripts/setup installed, beside the
	// program, in the folder above it, or in the working directory; else
	// /usr/lib/nvpipe; else the system's own.
	Library string `yaml:"library"`
	// Family says how the outputs are read: "yolox", or "auto" to tell by
	// their shapes.
	Family string `yaml:"family"`
	// Labels names the classes: "coco" for the usual 80, else the path of a
	// file with one name per line, as many as the model has classes.
	Labels string `yaml:"labels"`
	// InputWidth and InputHeight are the size in pixels for a model that leaves
	// it open; 0: the model's own.
	InputWidth  int `yaml:"input_width"`
	InputHeight int `yaml:"input_height"`
	// Confidence is the least confidence, 0–1, of a detection.
	Confidence float64 `yaml:"confidence"`
	// ClassConfidence has other thresholds for single classes, by name.
	ClassConfidence map[string]float64 `yaml:"class_confidence"`
	// Classes are the names of the classes wanted; empty: all. A box belongs to
	// its best class, wanted or not: an unwanted one hides nothing and is
	// never reported as something else.
	Classes []string `yaml:"classes"`
	// NMSIoU is the overlap (intersection over union, 0–1) above which the
	// less confident of two boxes of one class goes.
	NMSIoU float64 `yaml:"nms_iou"`
	// MaxDetections is the most boxes per picture, best first.
	MaxDetections int `yaml:"max_detections"`
	// MinSize is the least width and height of a box, as a share of the
	// picture's; 0: any.
	MinSize float64 `yaml:"min_size"`
	// Threads is how many threads work on one batch; 0: as many as there are
	// processors to run on.
	Threads int `yaml:"threads"`
}

// The values of Config.Family and Config.Labels that are no paths.
const (
	FamilyAuto  = "auto"
	FamilyYOLOX = "yolox"
	LabelsCOCO  = "coco"
)

// DefaultConfig has everything but the model.
func DefaultConfig() Config {
	return Config{
		Family:        FamilyAuto,
		Labels:        LabelsCOCO,
		Confidence:    0.3,
		NMSIoU:        0.45,
		MaxDetections: 100,
	}
}

const (
	maxDetections = 1000
	maxThreads    = 256
	maxInputSide  = 4096
)

// Validate reports every setting that is wrong by itself. Class names are
// checked by New, against the labels.
func (c Config) Validate() error {
	var errs []error
	add := func(key, format string, args ...any) {
		errs = append(errs, invalid.Field(key, format, args...))
	}
	share := func(key string, v float64) {
		if !(v >= 0 && v <= 1) {
			add(key, "must be 0–1, is %v", v)
		}
	}
	whole := func(key string, v, least, most int) {
		if v < least || v > most {
			add(key, "must be %d–%d, is %d", least, most, v)
		}
	}
	if c.Model == "" {
		add("model", "must be the path of an ONNX file, is empty")
	}
	if families := []string{FamilyAuto, FamilyYOLOX}; !slices.Contains(families, c.Family) {
		add("family", "must be one of %v, is %q", families, c.Family)
	}
	if c.Labels == "" {
		add("labels", `must be "coco" or the path of a file with one name per line, is empty`)
	}
	whole("input_width", c.InputWidth, 0, maxInputSide)
	whole("input_height", c.InputHeight, 0, maxInputSide)
	share("confidence", c.Confidence)
	for _, name := range slices.Sorted(maps.Keys(c.ClassConfidence)) {
		share(fmt.Sprintf("class_confidence.%s", name), c.ClassConfidence[name])
	}
	share("nms_iou", c.NMSIoU)
	whole("max_detections", c.MaxDetections, 1, maxDetections)
	if !(c.MinSize >= 0 && c.MinSize < 1) {
		add("min_size", "must be at least 0 and below 1, is %v", c.MinSize)
	}
	whole("threads", c.Threads, 0, maxThreads)
	return errors.Join(errs...)
}
