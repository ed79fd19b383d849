package modelfile

import (
	"bytes"
	"errors"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func sampleModel() []byte {
	minusOne := ^uint64(0)
	return slices.Concat(
		number(modelIRVersion, 8), text(modelProducer, "pytorch"),
		bytesField(modelGraph,
			bytesField(graphInitializer, text(initializerName, "weight"), bytesField(9, make([]byte, 5000))),
			tensorValue(graphInput, "images", 1, namedDim("batch"), fixedDim(3), fixedDim(416), fixedDim(minusOne)),
			tensorValue(graphInput, "weight", 1, fixedDim(7)),
			tensorValue(graphOutput, "output", 10, bytesField(shapeDim), fixedDim(85)),
			bytesField(graphOutput, text(valueName, "odd")),
		),
		bytesField(modelOpset, text(opsetDomain, "com.example"), number(opsetVersion, 1)),
		bytesField(modelOpset, number(opsetVersion, 17)),
		bytesField(modelMetadata, text(entryKey, "names"), text(entryVal, "{0: 'cat'}")),
	)
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	got, err := Read(write(t, sampleModel()))
	if err != nil {
		t.Fatal(err)
	}
	want := &Model{
		IRVersion: 8, Producer: "pytorch", Opset: 17,
		Model: tensor.Model{
			Inputs: []tensor.Value{{Name: "images", Type: tensor.Float32, Shape: []tensor.Dim{{Name: "batch"}, {Size: 3}, {Size: 416}, {}}}},
			Outputs: []tensor.Value{
				{Name: "output", Type: tensor.Float16, Shape: []tensor.Dim{{}, {Size: 85}}},
				{Name: "odd"},
			},
			Metadata: map[string]string{"names": "{0: 'cat'}"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if s := got.Inputs[0].String(); s != "images float32 [batch, 3, 416, ?]" {
		t.Errorf("shown as %q", s)
	}
	if s := got.Outputs[1].String(); s != "odd type 0 [unknown shape]" {
		t.Errorf("shown as %q", s)
	}
}

func TestWhatIsNoModelIsRefused(t *testing.T) {
	whole := sampleModel()
	dir := t.TempDir()
	for _, c := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "none.onnx"), "does not exist"},
		{"folder", dir, "is a folder"},
		{"empty", write(t, nil), "is empty"},
		{"truncated", write(t, whole[:len(whole)/2]), "truncated"},
		{"text", write(t, []byte("#!/bin/sh\necho hello\n")), "not a readable ONNX model"},
		{"an unpulled LFS pointer", write(t, []byte("version https://git-lfs.github.com/spec/v1\n")), "not a readable ONNX model"},
		{"zeros", write(t, make([]byte, 5000)), "no protobuf field"},
		{"no graph", write(t, number(modelIRVersion, 8)), "no graph"},
		{"no inputs", write(t, bytesField(modelGraph)), "0 inputs and 0 outputs"},
	} {
		_, err := Read(c.path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: error is %v, want one with the path and %q", c.name, err, c.want)
		}
		if !errors.Is(err, ErrNotONNX) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error is of no kind: %v", c.name, err)
		}
	}
}

// No prefix and no flipped bit may do worse than an error.
func TestDamageIsSurvived(t *testing.T) {
	whole := sampleModel()
	for n := 0; n < len(whole); n += 1 + n/100 {
		if _, err := parse(newMessage(bytes.NewReader(whole[:n]), int64(n))); err != nil && !errors.Is(err, ErrNotONNX) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	weights := bytes.Index(whole, make([]byte, 5000))
	for bit := range 8 * len(whole) {
		if at := bit / 8; at > weights && at < weights+5000 {
			continue // stepped over, not read
		}
		damaged := bytes.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		_, _ = parse(newMessage(bytes.NewReader(damaged), int64(len(damaged))))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sampleModel())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parse(newMessage(bytes.NewReader(data), int64(len(data))))
		if (m == nil) == (err == nil) {
			t.Fatalf("model %v, error %v", m, err)
		}
	})
}
