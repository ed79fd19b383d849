// Package detector has the project's own small detector inside the program: it
// finds the balls, boxes, vans and persons of package scene. It is trained by
// scripts/detector on pictures that the project draws; docs/detector.md says
// how, and how well it does.
package detector

import (
	_ "embed"
	"os"
	"path/filepath"

	"github.com/nvpipe/nvpipe/processors/onnx"
)

//go:embed nvpipe-scenes.onnx
var model []byte

//go:embed nvpipe-scenes.txt
var labels []byte

// Confidence is the threshold at which it was judged.
const Confidence = 0.6

// Install writes the model and its labels into dir, which exists, and returns
// the settings of an onnx processor that runs it. The files are the caller's.
func Install(dir string) (onnx.Config, error) {
	c := onnx.DefaultConfig()
	c.Model = filepath.Join(dir, "nvpipe-scenes.onnx")
	c.Labels = filepath.Join(dir, "nvpipe-scenes.txt")
	c.Confidence = Confidence
	if err := os.WriteFile(c.Model, model, 0o600); err != nil {
		return onnx.Config{}, err
	}
	return c, os.WriteFile(c.Labels, labels, 0o600)
}
