package detect

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
)

// Config is how a model's inputs and outputs are understood, as users set it.
// Runtimes have these keys beside their own. What is left open is taken from
// the model's metadata, else it is what the family's published models have.
type Config struct {
	// Family says how the outputs are read: yolox, yolov5 (also v6 and v7),
	// yolov8 (also v9 and 11), yolov10 (also 26), rtdetr, rfdetr, detr, ssd
	// or classifier; "auto": by the outputs' shapes and names.
	Family string `yaml:"family"`
	// Labels names the classes: "coco" for the usual 80, "coco91" for COCO's
	// own numbers, "none" for numbers only, else the path of a file with one
	// name per line, as many as the model has classes. "auto": the names in the
	// model's metadata, else COCO's if it has 80 or 91 classes.
	Labels string `yaml:"labels"`
	// InputWidth and InputHeight are the size in pixels for a model that leaves
	// it open; 0: the model's own.
	InputWidth  int `yaml:"input_width"`
	InputHeight int `yaml:"input_height"`
	// InputLayout is nchw or nhwc; "auto": by the input's shape.
	InputLayout string `yaml:"input_layout"`
	// InputColour is rgb, bgr or grey; "auto": the family's.
	InputColour string `yaml:"input_colour"`
	// InputFit is how a picture is put into the input: top-left or centred
	// (undistorted, padded), stretch (distorted) or centre-crop (undistorted,
	// cut); "auto": the family's.
	InputFit string `yaml:"input_fit"`
	// InputShorter is, for centre-crop, the picture's shorter side in pixels
	// before the crop, such as 256 for an input of 224; 0: the family's.
	InputShorter int `yaml:"input_shorter"`
	// InputPad is the level (0–255) outside the picture; -1: the family's.
	InputPad int `yaml:"input_pad"`
	// InputScale, InputMean and InputStd make a level of 0–255 the value
	// (level × scale − mean) ÷ std; 1/255 is 0.00392157, 0: the family's. Mean
	// and std are one for all channels or one for each, in their order; empty:
	// the family's.
	InputScale float64   `yaml:"input_scale"`
	InputMean  []float64 `yaml:"input_mean"`
	InputStd   []float64 `yaml:"input_std"`
	// Scores says what a classifier's values are: probabilities or logits;
	// "auto": probabilities where they add up to 1.
	Scores string `yaml:"scores"`
	// Boxes says how SSD writes a box: yxyx or xyxy (0–1) or pixels (x first);
	// "auto": by the names of the outputs.
	Boxes string `yaml:"boxes"`
	// Confidence is the least confidence, 0–1, of a detection.
	Confidence float64 `yaml:"confidence"`
	// ClassConfidence has other thresholds for single classes, by name.
	ClassConfidence map[string]float64 `yaml:"class_confidence"`
	// Classes are the names of the classes wanted; empty: all. A box belongs to
	// its best class, wanted or not: an unwanted one hides nothing and is
	// never reported as something else.
	Classes []string `yaml:"classes"`
	// NMS says which overlapping boxes compete: those of one class, or all
	// (agnostic), or none (off); "auto": class, or off for families whose
	// models do it themselves.
	NMS string `yaml:"nms"`
	// NMSIoU is the overlap (intersection over union, 0–1) above which the
	// less confident of two boxes goes.
	NMSIoU float64 `yaml:"nms_iou"`
	// MaxDetections is the most boxes per picture, best first.
	MaxDetections int `yaml:"max_detections"`
	// MinSize is the least width and height of a box, as a share of the
	// picture's; 0: any.
	MinSize float64 `yaml:"min_size"`
}

// auto leaves it to the model.
const auto = "auto"

// The values of Config.Labels that are no paths.
const (
	LabelsAuto   = auto
	LabelsCOCO   = "coco"
	LabelsCOCO91 = "coco91"
	LabelsNone   = "none"
)

// LabelFile reports whether Labels is the path of a file.
func (c Config) LabelFile() bool {
	return !slices.Contains([]string{LabelsAuto, LabelsCOCO, LabelsCOCO91, LabelsNone}, c.Labels)
}

// DefaultConfig fits most models as they are published.
func DefaultConfig() Config {
	return Config{
		Family: auto, Labels: LabelsAuto,
		InputLayout: auto, InputColour: auto, InputFit: auto, InputPad: -1,
		Scores: auto, Boxes: auto,
		Confidence: 0.3,
		NMS:        auto, NMSIoU: 0.45, MaxDetections: 100,
	}
}

const (
	maxDetections = 1000
	maxInputSide  = 4096
)

// Validate reports every setting that is wrong by itself. Class names are
// checked by NewPlan, against the labels.
func (c Config) Validate() error {
	var errs complaints
	errs.oneOf("family", c.Family, family.Names()...)
	if c.Labels == "" {
		errs.add("labels", `must be auto, coco, coco91, none or the path of a file with one name per line, is empty`)
	}
	c.validateInput(&errs)
	errs.oneOf("scores", c.Scores, string(family.Probabilities), string(family.Logits))
	errs.oneOf("boxes", c.Boxes, string(family.YXYX), string(family.XYXY), string(family.Pixels))
	errs.share("confidence", c.Confidence)
	for _, name := range slices.Sorted(maps.Keys(c.ClassConfidence)) {
		errs.share(fmt.Sprintf("class_confidence.%s", name), c.ClassConfidence[name])
	}
	errs.oneOf("nms", c.NMS, "class", "agnostic", "off")
	errs.share("nms_iou", c.NMSIoU)
	errs.whole("max_detections", c.MaxDetections, 1, maxDetections)
	if !(c.MinSize >= 0 && c.MinSize < 1) {
		errs.add("min_size", "must be at least 0 and below 1, is %v", c.MinSize)
	}
	return errors.Join(errs...)
}

func (c Config) validateInput(errs *complaints) {
	errs.whole("input_width", c.InputWidth, 0, maxInputSide)
	errs.whole("input_height", c.InputHeight, 0, maxInputSide)
	errs.oneOf("input_layout", c.InputLayout, slices.Sorted(maps.Keys(layouts))...)
	errs.oneOf("input_colour", c.InputColour, slices.Sorted(maps.Keys(orders))...)
	errs.oneOf("input_fit", c.InputFit, slices.Sorted(maps.Keys(modes))...)
	errs.whole("input_shorter", c.InputShorter, 0, maxInputSide)
	errs.whole("input_pad", c.InputPad, -1, 255)
	if s := c.InputScale; s != 0 && !(s >= 1e-6 && s <= 1e3) {
		errs.add("input_scale", "must be 0.000001–1000, or 0 for the family's, is %v", s)
	}
	for key, values := range map[string][]float64{"input_mean": c.InputMean, "input_std": c.InputStd} {
		if n := len(values); n != 0 && n != 1 && n != 3 {
			errs.add(key, "must be one value or three, has %d", n)
		}
		least := -1e3
		if key == "input_std" {
			least = 1e-6
		}
		for i, v := range values {
			if !(v >= least && v <= 1e3) || math.IsNaN(v) {
				errs.add(fmt.Sprintf("%s[%d]", key, i), "must be %v–1000, is %v", least, v)
			}
		}
	}
}

// complaints collects what is wrong, each with its key.
type complaints []error

func (e *complaints) add(key, format string, args ...any) {
	*e = append(*e, invalid.Field(key, format, args...))
}

func (e *complaints) oneOf(key, v string, allowed ...string) {
	if allowed = append([]string{auto}, allowed...); !slices.Contains(allowed, v) {
		e.add(key, "must be one of %v, is %q", allowed, v)
	}
}

func (e *complaints) share(key string, v float64) {
	if !(v >= 0 && v <= 1) {
		e.add(key, "must be 0–1, is %v", v)
	}
}

func (e *complaints) whole(key string, v, least, most int) {
	if v < least || v > most {
		e.add(key, "must be %d–%d, is %d", least, most, v)
	}
}
