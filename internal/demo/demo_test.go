package demo

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole demo, for as long as it takes to learn the scenes and judge some
// results. The bar of the verdict is for a machine that does nothing else; here
// it is enough that results and truth clearly belong to the same pictures.
func TestTheDemoFindsWhatIsThere(t *testing.T) {
	for _, processor := range []string{Motion, Detector} {
		t.Run(processor, func(t *testing.T) {
			if processor == Detector {
				needRuntime(t)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
			defer cancel()
			v, err := Run(ctx, Options{
				Cameras: 2, Processor: processor, Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Out: io.Discard, Log: zap.NewNop(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if v.Processor != processor || !v.LedgerOK || v.Frames < 20 || len(v.Feeds) != 2 || v.Recall < .8 || v.Precision < .8 {
				t.Errorf("verdict %+v", v)
			}
			if byClass := processor == Detector; (len(v.Classes) == scene.NumKinds) != byClass {
				t.Errorf("classes %+v", v.Classes)
			}
		})
	}
}

// needRuntime skips without ONNX Runtime; where the set-up has promised it, its
// absence is a failure.
func needRuntime(t *testing.T) {
	t.Helper()
	if _, err := chooseFinder(t.Context(), Detector, t.TempDir()); err != nil {
		if os.Getenv("NVPIPE_REQUIRE_ONNX") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// Without a runtime that can be loaded auto means motion, and says why;
// detector is an error.
func TestWithoutTheRuntime(t *testing.T) {
	t.Setenv("NVPIPE_ONNXRUNTIME", filepath.Join(t.TempDir(), "missing.so"))
	f, err := chooseFinder(t.Context(), Auto, t.TempDir())
	if err != nil || f.name != Motion || f.byClass || !strings.Contains(f.reason, "missing.so") || strings.Contains(f.reason, "\n") {
		t.Errorf("auto: %+v, %v", f, err)
	}
	if _, err := chooseFinder(t.Context(), Detector, t.TempDir()); err == nil || !strings.Contains(err.Error(), "missing.so") {
		t.Errorf("detector: %v", err)
	}
}

func TestVerdict(t *testing.T) {
	s, err := scene.New(scene.Demo(0))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := &camera{id: "cam1", scene: s, start: start}
	perfect := func(n int) (found []frame.Detection) {
		for _, o := range s.At(n) {
			if o.Visible >= scene.MinVisible {
				found = append(found, frame.Detection{Box: o.Box, Label: o.Kind.String()})
			}
		}
		return found
	}
	vansAsBalls := func(n int) []frame.Detection {
		found := perfect(n)
		for i := range found {
			if found[i].Label == "van" {
				found[i].Label = "ball"
			}
		}
		return found
	}
	judgedBy := func(f finder, ledger bool, captured func(n int) time.Time, found func(n int) []frame.Detection) Verdict {
		j := newJudge([]*camera{c}, f)
		for n := 0; n < 200; n++ {
			f := &frame.Frame{Feed: "cam1", Arrived: start.Add(s.Time(n)), Captured: captured(n), CapturedFrom: frame.FromSenderReport}
			j.result(f, []frame.Finding{{Result: &frame.Result{Output: frame.Output{Detections: found(n)}}}})
		}
		return j.verdict(ledger)
	}
	byMotion, byClass := motionFinder(""), finder{name: Detector, byClass: true}
	judged := func(ledger bool, captured func(n int) time.Time, found func(n int) []frame.Detection) Verdict {
		return judgedBy(byMotion, ledger, captured, found)
	}
	exactly := func(n int) time.Time { return start.Add(s.Time(n) + 3*time.Millisecond) }
	for name, tc := range map[string]struct {
		v    Verdict
		want bool
	}{
		"all is well":          {judged(true, exactly, perfect), true},
		"ledger not exact":     {judged(false, exactly, perfect), false},
		"nothing found":        {judged(true, exactly, func(int) []frame.Detection { return nil }), false},
		"a second too late":    {judged(true, exactly, func(n int) []frame.Detection { return perfect(max(0, n-15)) }), false},
		"times between frames": {judged(true, func(n int) time.Time { return start.Add(s.Time(n) + s.Time(1)/2) }, perfect), false},
		"motion names nothing": {judgedBy(byMotion, true, exactly, vansAsBalls), true},
		"every class is right": {judgedBy(byClass, true, exactly, perfect), true},
		"a class is wrong":     {judgedBy(byClass, true, exactly, vansAsBalls), false},
	} {
		if tc.v.OK != tc.want {
			t.Errorf("%s: %+v", name, tc.v)
		}
	}
}

func TestClipCutsWhatTheTerminalWouldWrap(t *testing.T) {
	text := "é123456789\nshort\n"
	if got := clip(text, 6); got != "é12345\nshort\n" {
		t.Errorf("%q", got)
	}
	if got := clip(text, 0); got != text {
		t.Errorf("without a width: %q", got)
	}
	if strings.Count(clip(text, 3), "\n") != 2 {
		t.Error("lines were lost")
	}
}
