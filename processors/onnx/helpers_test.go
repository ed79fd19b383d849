package onnx

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root is the repository's top folder, seen from here.
const root = "../.."

// shared is the path of a file beside the repository, or in $NVPIPE_SHARED.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("NVPIPE_SHARED")
	if dir == "" {
		dir = filepath.Join(root, "..", "shared")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs the shared test data (beside the repository, or in $NVPIPE_SHARED): %v", err)
	}
	return path
}

// needRuntime loads the library once for all tests. Where the set-up has
// promised it, its absence is a failure: a test that never runs proves nothing.
func needRuntime(t testing.TB) {
	t.Helper()
	if err := loadOnce(); err != nil {
		if os.Getenv("NVPIPE_REQUIRE_ONNX") == "1" {
			t.Fatal(err)
		}
		t.Skipf("needs ONNX Runtime: %v", err)
	}
}

var loadOnce = sync.OnceValue(func() error {
	s := newSearch("")
	s.workDir, _ = filepath.Abs(root)
	_, err := loadEnvironment(s)
	return err
})

const (
	dynamicModel = "models/yolox_nano_dynamic.onnx"
	fixedModel   = "models/yolox_nano.onnx"
)

func config(t testing.TB, model string) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Model = shared(t, model)
	return cfg
}

// started is a running processor that the test's end stops.
func started(t testing.TB, cfg Config, opts Options) *Processor {
	t.Helper()
	needRuntime(t)
	p, err := New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// entries puts frames into a batch.
func entries(frames ...*frame.Frame) []frame.Entry {
	batch := make([]frame.Entry, len(frames))
	for i, f := range frames {
		batch[i].Frame = f
	}
	return batch
}

// lastOutput is the first output of a processor's last run of one picture.
func lastOutput(p *Processor) []float32 {
	r := p.net.rooms[len(p.net.rooms)-1]
	return tensor.View[float32](r.bindings[1].out[0].Data)
}
