package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
)

// quick is a processor that has nothing to do.
type quick struct{}

func (quick) Start(context.Context) error                  { return nil }
func (quick) Process(context.Context, []frame.Entry) error { return nil }
func (quick) Stop() error                                  { return nil }
func (quick) Traits() frame.Traits                         { return frame.Traits{} }

// traced runs a coordinator for a few frames and returns its trace.
func traced(t *testing.T, policy string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "batches.trace")
	cfg := batchsink.DefaultConfig()
	cfg.Policy, cfg.Trace, cfg.MaxLatency = policy, path, 1e6
	ctx := context.Background()
	h, err := batchsink.New(ctx, t.Name()+policy, cfg, func() (batchsink.Processor, error) { return quick{}, nil }, batchsink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Attach("door", batchsink.FeedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := &frame.Frame{Planes: [3]frame.Plane{{Data: []byte{1}, Stride: 1}}}
	f.Init(nil)
	for range 20 {
		if _, err := p.SubmitAndWait(ctx, f, frame.ViewState{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReplay(t *testing.T) {
	path := traced(t, "window")
	code, out, errs := dispatched("replay", path)
	if code != exitFine || errs != "" || !strings.Contains(out, "formed again by window: 0 of 20 batches differ") {
		t.Errorf("exit code %d, says %q, prints %q", code, errs, out)
	}
	code, out, errs = dispatched("replay", "--policy", "eager", path)
	if code != exitFailed || errs != "" || !strings.Contains(out, "20 of 20 batches differ") || !strings.Contains(out, "eager, modelled") || !strings.Contains(out, "and 10 more") {
		t.Errorf("exit code %d, says %q, prints %q", code, errs, out)
	}
	code, out, _ = dispatched("replay", "--json", "--policy", "eager", path)
	var v struct {
		Different int
		Ended     bool
		Services  []struct{ Offered, Delivered int }
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != exitFailed || v.Different != 20 || !v.Ended || len(v.Services) != 3 {
		t.Fatalf("exit code %d, %v, %s", code, err, out)
	}
	for _, s := range v.Services {
		if s.Offered != 20 || s.Delivered == 0 || s.Delivered > 20 {
			t.Errorf("%+v", s)
		}
	}
}

func TestReplayOfACutTrace(t *testing.T) {
	text, err := os.ReadFile(traced(t, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(path, text[:len(text)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := dispatched("replay", path)
	if code != exitFine || errs != "" || !strings.Contains(out, ": 0 of 1") || !strings.Contains(out, "the trace does not go on") {
		t.Errorf("exit code %d, says %q, prints %q", code, errs, out)
	}
}

func TestReplayRefuses(t *testing.T) {
	path := traced(t, "window")
	foreign := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(foreign, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{foreign, "this is not a trace of nvpipe"},
		{foreign + ".nowhere", "no such file"},
		{filepath.Dir(path), "is a directory"},
		{"", "0 arguments given, 1 wanted"},
		{"--policy first " + path, `there is no policy "first": window, fill, eager, adaptive`},
	} {
		code, out, errs := dispatched(append([]string{"replay"}, strings.Fields(c.args)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("replay %s: exit code %d, prints %q, says %q; want %q", c.args, code, out, errs, c.says)
		}
	}
}
