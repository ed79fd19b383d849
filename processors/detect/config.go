package detect

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Config is how a model's inputs and outputs are understood, as users set it.
// Runtimes have these keys beside their own.
type Config struct {
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
}

// The values of Config.Family and Config.Labels that are no paths.
const (
	FamilyAuto  = "auto"
	FamilyYOLOX = "yolox"
	LabelsCOCO  = "coco"
)

// DefaultConfig fits most models as they are published.
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
	maxInputSide  = 4096
)

// Validate reports every setting that is wrong by itself. Class names are
// checked by NewPlan, against the labels.
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
	return errors.Join(errs...)
}
