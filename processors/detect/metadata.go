package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/pyliteral"
)

// metadata is what a model says of itself beside its graph: keys as
// Ultralytics' exports have them (task, names, imgsz, description) and keys of
// Config about the model.
type metadata struct {
	values map[string]string
	model  string // what errors call it
}

// title is what a model may tell its family by.
func (m metadata) title() string { return m.values["description"] }

// isUltralytics: the model comes from Ultralytics' own export.
func (m metadata) isUltralytics() bool { return strings.EqualFold(m.values["author"], "ultralytics") }

// checkTask refuses models whose outputs have other things than boxes, or
// boxes of another kind.
func (m metadata) checkTask() error {
	task, ok := m.values["task"]
	if known := []string{"detect", "classify"}; ok && m.isUltralytics() && !slices.Contains(known, task) {
		return invalid.Field("model", "%s is for the task %.40q, must be for detect or classify", m.model, task)
	}
	return nil
}

// names are the classes' names; nil: there are none.
func (m metadata) names() ([]string, error) {
	text, ok := m.values["names"]
	if !ok {
		return nil, nil
	}
	names, err := pyliteral.Names(text)
	if err != nil {
		return nil, fmt.Errorf("the names in %s's metadata cannot be read: %w", m.model, err)
	}
	return names, nil
}

// size is the input's size in pixels; 0: it does not say, or not clearly.
func (m metadata) size() (width, height int) {
	sides, err := pyliteral.Integers(m.values["imgsz"])
	if err != nil || slices.ContainsFunc(sides, func(s int) bool { return s < 1 || s > maxInputSide }) {
		return 0, 0
	}
	switch len(sides) {
	case 1:
		return sides[0], sides[0]
	case 2:
		return sides[1], sides[0]
	}
	return 0, 0
}
