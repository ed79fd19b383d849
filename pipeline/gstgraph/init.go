package gstgraph

// #include "shim.h"
import "C"

import (
	"fmt"
	"os"
	"sync"

	"github.com/go-gst/go-gst/gst"
)

var initOnce sync.Once

// Init starts GStreamer. Everything here calls it; calling it early only moves
// the time it takes (a scan of plugins on the first run). GST_DEBUG works as
// usual with secrets blacked out; graph dumps (GST_DEBUG_DUMP_DOT_DIR) are
// switched off, because they show passwords.
func Init() {
	initOnce.Do(func() {
		os.Unsetenv("GST_DEBUG_DUMP_DOT_DIR")
		gst.Init(nil)
		C.nv_log_install()
		C.nv_witness_register()
	})
}

// Version is GStreamer's, such as "1.22.0".
func Version() string {
	Init()
	var major, minor, micro C.int
	C.nv_version(&major, &minor, &micro)
	return fmt.Sprintf("%d.%d.%d", major, minor, micro)
}

// Criticals counts the mistakes in using it that GLib has reported since Init.
// Each stands on standard error; none is expected.
func Criticals() int { return int(C.nv_log_criticals()) }
