package detect

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

//go:embed coco.txt
var coco string

// maxLabels bounds a label file: 64 KiB is a thousand long names.
const maxLabels = 64 << 10

// names are those of the classes as far as they are known without the model's
// outputs; nil: not yet.
func (c Config) names(m metadata) ([]string, error) {
	switch c.Labels {
	case LabelsNone:
		return nil, nil
	case LabelsCOCO:
		return coco80(), nil
	case LabelsCOCO91:
		return coco91(), nil
	case LabelsAuto:
		names, err := m.names()
		if err != nil {
			return nil, invalid.Field("labels", "must be coco, coco91, none or a file with one name per line: %v", err)
		}
		return names, nil
	}
	names, err := readLabels(c.Labels)
	if err != nil {
		return nil, invalid.Field("labels", "%v", err)
	}
	return names, nil
}

// labelsFor are the names for a model with so many classes, 0 when it does not
// say; known are those that Config.names gives.
func (c Config) labelsFor(known []string, classes int, model string) ([]string, error) {
	switch {
	case c.Labels == LabelsNone:
		return numbered(classes), nil
	case known == nil && classes == len(coco80()):
		return coco80(), nil
	case known == nil && classes == len(coco91()):
		return coco91(), nil
	case known == nil && classes == 0:
		return nil, invalid.Field("labels", "must be coco, coco91 (COCO's own numbers, which count from 1), none or a file with one name per line: "+
			"%s tells neither its classes' names nor how many they are", model)
	case known == nil:
		return nil, invalid.Field("labels", "must be a file with %d names, one per line, or none: %s has %d classes and does not tell their names",
			classes, model, classes)
	case classes != 0 && len(known) != classes:
		return nil, invalid.Field("labels", "%s has %d names, but %s has %d classes: give a file with as many names, one per line",
			c.labelSource(model), len(known), model, classes)
	}
	return known, nil
}

func (c Config) labelSource(model string) string {
	if c.Labels == LabelsAuto {
		return model + "'s metadata"
	}
	return c.Labels
}

// label is the name of a class, which may be one that the labels do not have.
func (p *Plan) label(class int) string {
	if class < len(p.labels) {
		return p.labels[class]
	}
	return number(class)
}

func number(class int) string { return fmt.Sprintf("class %d", class) }

func numbered(classes int) []string {
	names := make([]string, classes)
	for i := range names {
		names[i] = number(i)
	}
	return names
}

// coco80 are the classes of COCO as detectors mostly number them, from 0.
func coco80() []string { return lines(coco) }

// coco91 are the same by COCO's own numbers, which count from 1 and leave some
// out.
func coco91() []string {
	names := append([]string{"background"}, coco80()...)
	for _, gap := range []int{12, 26, 29, 30, 45, 66, 68, 69, 71, 83} {
		names = slices.Insert(names, gap, "N/A")
	}
	return names
}

// readLabels reads a file's lines.
func readLabels(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("must be auto, coco, coco91, none or a file with one name per line: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLabels+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxLabels {
		return nil, fmt.Errorf("%s is larger than %d KiB, must have one name per line", path, maxLabels>>10)
	}
	names := lines(string(text))
	if len(names) == 0 {
		return nil, fmt.Errorf("%s is empty, must have one name per line", path)
	}
	for i, name := range names {
		if name == "" {
			return nil, fmt.Errorf("line %d of %s is empty, must be the name of class %d", i+1, path, i)
		}
	}
	return names, nil
}

func lines(text string) []string {
	var names []string
	for line := range strings.Lines(strings.TrimRight(text, " \t\r\n")) {
		names = append(names, strings.TrimSpace(line))
	}
	return names
}
