package gstgraph

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childEnv names the part that this test binary plays as a child process, for
// what GStreamer does once per process.
const childEnv = "NVPIPE_GSTGRAPH_CHILD"

var children = map[string]func() error{
	"leaks":   playForTheLeaksTracer,
	"secrets": playWithSecrets,
	"gather":  playGathered,
	"hostile": playHostile,
}

// A critical of GLib or GStreamer is a mistake of ours, and fails the run.
func TestMain(m *testing.M) {
	simulated = simulatedDecoders()
	if play := children[os.Getenv(childEnv)]; play != nil {
		if err := play(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if n := Criticals(); n > 0 && code == 0 {
			fmt.Fprintf(os.Stderr, "%d criticals from GLib, see above\n", n)
			code = 1
		}
		os.Exit(code)
	}))
}

// child runs this binary in a part and returns all that it printed.
func child(t *testing.T, part string, env ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), append(env, childEnv+"="+part, "GST_DEBUG_NO_COLOR=1", "G_DEBUG=fatal-criticals")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(string(out)))
	}
	return string(out)
}

func tail(s string) string {
	if len(s) > 4000 {
		return "…" + s[len(s)-4000:]
	}
	return s
}
