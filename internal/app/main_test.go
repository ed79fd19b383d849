package app

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// Nothing may be left running, and GLib must have found nothing wrong with how
// it was used.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if n := gstgraph.Criticals(); n > 0 && code == 0 {
			fmt.Printf("GLib reported %d criticals, see above\n", n)
			code = 1
		}
		os.Exit(code)
	}))
}
