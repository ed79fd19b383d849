package onnxtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/processors/onnx/modelfile"
)

func TestDescription(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.onnx")
	d := Detector{Width: 64, Height: 32, Classes: 2, Boxes: []Box{{8, 8, 24, 24, 1}}}
	if err := os.WriteFile(path, d.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := modelfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if in := m.Inputs[0].String(); len(m.Inputs) != 1 || in != "images float32 [batch, 3, 32, 64]" {
		t.Errorf("input is %s", in)
	}
	if out := m.Outputs[0].String(); len(m.Outputs) != 1 || out != "output float32 [batch, 42, 7]" {
		t.Errorf("output is %s", out)
	}
}
