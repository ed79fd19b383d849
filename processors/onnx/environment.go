package onnx

import (
	"fmt"
	"os"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// environment is ONNX Runtime in this process. The binding holds it in package
// variables, so there is one, loaded once and never unloaded: threads of an
// abandoned batch may still be inside.
var environment struct {
	sync.Mutex
	// path is what was loaded; empty: nothing yet.
	path string
}

// loadEnvironment loads the library unless that was done before, and returns
// the path of what is loaded.
func loadEnvironment(s search) (string, error) {
	environment.Lock()
	defer environment.Unlock()
	paths, err := s.paths()
	if err != nil {
		return "", err
	}
	if environment.path != "" {
		if s.config != "" && !sameFile(paths[0], environment.path) {
			return "", fmt.Errorf("library: %s is wanted, but this process runs %s already and can load only one: "+
				"give all processors the same library", s.config, environment.path)
		}
		return environment.path, nil
	}
	var tried []string
	for _, path := range paths {
		ort.SetSharedLibraryPath(path)
		// Errors come back as values; a copy on stderr would say them twice.
		if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
			tried = append(tried, fmt.Sprintf("%s (%s)", path, loadFailure(err)))
			continue
		}
		// A camera system does not report home. The call only fails where there is no telemetry.
		_ = ort.DisableTelemetry()
		environment.path = path
		return path, nil
	}
	return "", fmt.Errorf("no usable ONNX Runtime library (1.24 or newer for %s); tried %s; "+
		"run scripts/setup, or give the path of libonnxruntime.so in `library` or $%s",
		arch(), strings.Join(tried, ", "), LibraryEnv)
}

// loadFailure is the reason without the binding's own framing of it.
func loadFailure(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "Error setting ORT API base"):
		return "older than 1.24"
	case strings.Contains(text, "Error looking up OrtGetApiBase"):
		return "not ONNX Runtime"
	}
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return os.SameFile(x, y)
}
