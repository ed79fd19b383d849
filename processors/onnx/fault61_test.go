package onnx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/onnx/onnxtest"
)

// A damaged model is refused, or works as well as it can; it never takes the
// program with it. (A crash in the runtime would end this test's process.)
func TestFault61_DamagedModels(t *testing.T) {
	needRuntime(t)
	cfg := tiny(t, detector(0))
	whole, err := os.ReadFile(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	const variants = 1000
	for i := range variants {
		damaged := slices.Clone(whole)
		if i%4 == 0 {
			damaged = damaged[:rng.IntN(len(damaged))]
		} else {
			for range 1 + rng.IntN(3) {
				at := rng.IntN(len(damaged))
				if i%2 == 0 { // the description and the nodes are at the head
					at = rng.IntN(400)
				}
				damaged[at] ^= 1 << rng.IntN(8)
			}
		}
		if err := os.WriteFile(cfg.Model, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		outcomes[live(t, cfg)]++
	}
	t.Log(outcomes)
	for _, o := range []string{"refused", "cannot start", "works"} {
		if outcomes[o] < variants/50 {
			t.Errorf("%s: only %d of %d variants", o, outcomes[o], variants)
		}
	}
}

// live is what becomes of a model that may be damaged.
func live(t *testing.T, cfg Config) string {
	t.Helper()
	p, err := New(cfg, Options{})
	if err != nil {
		return "refused"
	}
	if err := p.Start(context.Background()); err != nil {
		return "cannot start"
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	batch := entries(gray(64, 64, 200))
	if err := p.Process(context.Background(), batch); err != nil {
		return "fails"
	}
	for _, d := range batch[0].Output.Detections {
		b := d.Box
		if !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1 && d.Confidence >= 0 && d.Confidence <= 1) {
			t.Errorf("%+v", d)
		}
	}
	return "works"
}

// Weights are read from the model's own folder, whatever the model says.
func TestFault61_WeightsOutsideTheFolder(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.bin")
	d := detector(0)
	weights := d.Weights()
	if err := os.WriteFile(outside, weights, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		location string
		prepare  func(folder string) error
		want     string
	}{
		"absolute":   {outside, nil, "points elsewhere"},
		"above":      {"../" + filepath.Base(filepath.Dir(outside)) + "/secret.bin", nil, "points elsewhere"},
		"roundabout": {"weights/../../secret.bin", nil, "points elsewhere"},
		"memory":     {"*/_ORT_MEM_ADDR_/*", nil, "no such file"},
		"missing":    {"weights.bin", nil, "no such file"},
		"a folder":   {".", nil, "not a regular file"},
		"a link": {"weights.bin", func(folder string) error {
			return os.Symlink(outside, filepath.Join(folder, "weights.bin"))
		}, "escapes"},
		"a linked folder": {"weights/secret.bin", func(folder string) error {
			return os.Symlink(filepath.Dir(outside), filepath.Join(folder, "weights"))
		}, "escapes"},
	} {
		d.External = c.location
		cfg := tiny(t, d)
		if c.prepare != nil {
			if err := c.prepare(filepath.Dir(cfg.Model)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := New(cfg, Options{})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("keeps weights in %q", c.location)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
	}
}

// Weights beside the model or below it are read; when they are gone by the time of
// Start, it says so.
func TestFault61_WeightsInTheFolder(t *testing.T) {
	for _, name := range []string{"weights.bin", "below/weights.bin"} {
		d := detector(0)
		d.External = name
		cfg := tiny(t, d)
		path := filepath.Join(filepath.Dir(cfg.Model), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, d.Weights(), 0o600); err != nil {
			t.Fatal(err)
		}
		p := started(t, cfg, Options{})
		if e := found(t, p, gray(64, 64, 200))[0]; len(e.Output.Detections) != 2 {
			t.Errorf("%v, %v", e.Output.Detections, e.Err)
		}
		// What is there at New may be gone, or a link, at Start.
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("error is %v", err)
		}
	}
}

// A model or weights of another digest than is wanted are refused, with both
// digests, at New and again at Start.
func TestFault61_Digests(t *testing.T) {
	needRuntime(t)
	d := detector(0)
	d.External = "weights.bin"
	cfg := tiny(t, d)
	weights := filepath.Join(filepath.Dir(cfg.Model), "weights.bin")
	if err := os.WriteFile(weights, d.Weights(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := func(data []byte) string { s := sha256.Sum256(data); return hex.EncodeToString(s[:]) }
	model, other := sum(d.Bytes()), sum(nil)
	right := map[string]string{"tiny.onnx": strings.ToUpper(model), "weights.bin": sum(d.Weights())}
	for _, c := range []struct {
		digests map[string]string
		want    string
	}{
		{map[string]string{"tiny.onnx": other, "weights.bin": right["weights.bin"]}, "sha256.tiny.onnx: the file has " + model + ", wanted is " + other},
		{map[string]string{"tiny.onnx": model}, "sha256: has no digest of weights.bin"},
		{map[string]string{"tiny.onnx": model, "weights.bin": right["weights.bin"], "more.bin": other}, "sha256.more.bin: the model has no such file; it has tiny.onnx, weights.bin"},
	} {
		cfg.SHA256 = c.digests
		if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want one with %q", err, c.want)
		}
	}
	cfg.SHA256 = right
	p := started(t, cfg, Options{})
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	changed := d.Weights()
	changed[0]++
	if err := os.WriteFile(weights, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "sha256.weights.bin: the file has "+sum(changed)) {
		t.Errorf("error is %v", err)
	}
}

// A model that cannot be used is refused with the reason.
func TestFault61_ModelsThatDoNotFit(t *testing.T) {
	needRuntime(t)
	for name, c := range map[string]struct {
		set  func(*onnxtest.Detector)
		want string
	}{
		"opset too new": {func(d *onnxtest.Detector) { d.Opset = 999 }, "refuses it: ONNX Runtime"},
		"two inputs":    {func(d *onnxtest.Detector) { d.MoreInputs = 1 }, "input"},
		"open size, and outputs for another than is usual": {func(d *onnxtest.Detector) { d.OpenSize = true }, "input of 640×640"},
	} {
		d := detector(0)
		c.set(&d)
		cfg := tiny(t, d)
		cfg.Family = "yolox"
		p, err := New(cfg, Options{})
		if err == nil {
			err = p.Start(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
		t.Log(err)
	}
}

// Outputs that are no numbers make no box outside of the picture.
func TestFault61_AMadModelGivesNothing(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		d := detector(0)
		d.Constant = float32(v)
		p := started(t, tiny(t, d), Options{})
		for _, d := range found(t, p, gray(64, 64, 200))[0].Output.Detections {
			if b := d.Box; !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1 && d.Confidence >= 0 && d.Confidence <= 1) {
				t.Errorf("constant %v: %+v", v, d)
			}
		}
	}
}

// Pictures of any size give boxes within them, and no picture is an error.
func TestFault61_PicturesOfAnySize(t *testing.T) {
	p := started(t, tiny(t, detector(0)), Options{})
	for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 4000}, {8192, 8192}, {63, 65}} {
		e := found(t, p, gray(size[0], size[1], 255))[0]
		for _, d := range e.Output.Detections {
			if b := d.Box; e.Err != nil || !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1 && b.XMin < b.XMax && b.YMin < b.YMax) {
				t.Errorf("%v: %+v, %v", size, d, e.Err)
			}
		}
	}
	for _, e := range found(t, p, &frame.Frame{}, &frame.Frame{Format: frame.I420}, &frame.Frame{Format: frame.NV12, Width: 9}) {
		if e.Err == nil {
			t.Error("no picture, no error")
		}
	}
}
