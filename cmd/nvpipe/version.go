package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// version is set by the build.
var version = "unknown"

func versionCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("version", "", errs)
	if code, ok := parse(flags, args, 0); !ok {
		return code
	}
	v := struct {
		Nvpipe    string `json:"nvpipe"`
		Go        string `json:"go"`
		GStreamer string `json:"gstreamer"`
	}{version, runtime.Version(), gstgraph.Version()}
	if *asJSON {
		_ = json.NewEncoder(out).Encode(v)
		return exitFine
	}
	fmt.Fprintf(out, "nvpipe %s, %s, GStreamer %s\n", v.Nvpipe, v.Go, v.GStreamer)
	return exitFine
}
