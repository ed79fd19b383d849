package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func dispatched(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = dispatch(args, &o, &e)
	return code, o.String(), e.String()
}

func TestBenchRefusesWrongFlags(t *testing.T) {
	for flags, says := range map[string]string{
		"":                                   "usage: nvpipe bench BENCHMARK",
		"nothing":                            `no benchmark "nothing"`,
		"batch --nope":                       "-nope",
		"batch 7":                            "1 arguments given, 0 wanted",
		"batch --feeds 0":                    "feeds: must be 1–1000, is 0",
		"batch --fps -1":                     "fps: must be 0 (closed loop) to 1000, is -1",
		"batch --size 1025":                  "size: must be 1–1024, is 1025",
		"batch --window 2m":                  "window: must be above 0 and at most 1m, is 2m0s",
		"batch --cost 4":                     "two durations like 4ms+1ms",
		"batch --cost 5s":                    "cost: must be at most 4s",
		"batch --policy first":               "policy: must be one of window, fill, eager, adaptive",
		"batch --policy fill --target 20ms":  "target: is only for policy adaptive",
		"batch --target -1s":                 "target: must be above 0",
		"batch --for 1ms":                    "for: must be 10ms–1h, is 1ms",
		"batch --for soon":                   "soon",
		"batch --warm-up -1s":                "warm-up: must be 0–1h",
		"batch --seeds 0":                    "seeds: must be 1–1000, is 0",
		"model":                              "0 arguments given, 1 wanted",
		"model --sizes 0 a.onnx":             `must be numbers 1–64 separated by commas, has "0"`,
		"model --threads 1,x a.onnx":         `must be numbers 1–256 separated by commas, has "x"`,
		"model --instances 17 a.onnx":        `must be numbers 1–16 separated by commas, has "17"`,
		"model --each 1h none.onnx":          "each: must be 1ms–1m, is 1h0m0s",
		"model none.onnx":                    "none.onnx",
		"batch --feeds 0 --size 0 --seeds 0": "seeds: must be",
	} {
		code, out, errs := dispatched(append([]string{"bench"}, strings.Fields(flags)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("bench %s: exit code %d, prints %q, says %q; want %q", flags, code, out, errs, says)
		}
	}
}

func TestBenchBatchPrintsAnObjectForEachPolicy(t *testing.T) {
	code, out, errs := dispatched("bench", "batch", "--json", "--feeds", "2", "--fps", "0", "--cost", "2ms", "--window", "5ms", "--for", "100ms", "--warm-up", "0s", "--seeds", "2")
	if code != exitFine || errs != "" {
		t.Fatalf("exit code %d, says %q", code, errs)
	}
	var policies []string
	for line := range strings.Lines(out) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		policies = append(policies, row["policy"].(string))
		keys := "cpu_us_per_entry,fill,jain,longest_passed_over,p50_ms,p95_ms,p99_ms,policy,served_fps,served_max,served_min"
		if got := strings.Join(slices.Sorted(maps.Keys(row)), ","); got != keys {
			t.Errorf("fields %s\nwant %s", got, keys)
		}
	}
	if got := strings.Join(policies, ","); got != "window,fill,eager,adaptive" {
		t.Errorf("rows of %s", got)
	}
}

func TestBenchBatchPrintsATable(t *testing.T) {
	code, out, _ := dispatched("bench", "batch", "--policy", "eager", "--feeds", "1", "--fps", "0", "--cost", "1ms", "--for", "20ms", "--warm-up", "0s", "--seeds", "1")
	if code != exitFine || strings.Count(out, "\n") != 4 || !strings.Contains(out, "eager") || !strings.Contains(out, "bare barrier") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestBenchBatchSaysThatNothingWasServed(t *testing.T) {
	code, _, errs := dispatched("bench", "batch", "--json", "--policy", "eager", "--feeds", "1", "--fps", "0", "--cost", "200ms", "--for", "10ms", "--warm-up", "0s", "--seeds", "1")
	if code != exitFailed || !strings.Contains(errs, "nothing was answered") {
		t.Errorf("exit code %d, says %q", code, errs)
	}
}

func TestBenchModel(t *testing.T) {
	shared := os.Getenv("NVPIPE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	path := filepath.Join(shared, "models", "yolox_nano_dynamic.onnx")
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs a detector: ", err)
	}
	args := []string{"bench", "model", "--json", "--sizes", "1,2", "--threads", "1", "--instances", "1,2", "--each", "1ms", path}
	code, out, errs := dispatched(args...)
	if code == exitFailed && strings.Contains(errs, "ONNX Runtime") {
		t.Skip(errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitFine || len(lines) != 5 {
		t.Fatalf("exit code %d, says %s, prints\n%s", code, errs, out)
	}
	var last struct{ YAML string }
	if err := json.Unmarshal([]byte(lines[4]), &last); err != nil {
		t.Fatal(err)
	}
	pasted := write(t, "c.yaml", "version: 1\n"+last.YAML+"feeds:\n  a: {source: {test: {pattern: ball}}, processors: [objects]}\n")
	if code, out, errs := dispatched("check", pasted); code != exitFine {
		t.Errorf("check of what is recommended: exit code %d\n%s%s", code, out, errs)
	}
}
