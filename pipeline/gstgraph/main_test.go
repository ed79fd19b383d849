package gstgraph

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain starts itself again with GLib's criticals made fatal: GLib reads
// that from the environment before any of our code runs.
func TestMain(m *testing.M) {
	const want = "fatal-criticals"
	if os.Getenv("G_DEBUG") != want {
		os.Setenv("G_DEBUG", want)
		exe, err := os.Executable()
		if err == nil {
			err = syscall.Exec(exe, os.Args, os.Environ())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
