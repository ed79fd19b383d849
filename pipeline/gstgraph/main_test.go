package gstgraph

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// A critical of GLib or GStreamer is a mistake of ours, and fails the run.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if n := Criticals(); n > 0 && code == 0 {
			fmt.Fprintf(os.Stderr, "%d criticals from GLib, see above\n", n)
			code = 1
		}
		os.Exit(code)
	}))
}
