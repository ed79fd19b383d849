// Package footage knows what is to be seen in the real films that tests use,
// from looking at them, and finds and decodes them. The films are no part of
// the repository; a test that needs one skips when it is not there.
package footage

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns where a film is: in $NVPIPE_SHARED/videos, or in
// ../shared/videos beside the repository. The test skips if it is in neither.
func Path(t testing.TB, name string) string {
	t.Helper()
	if shared := os.Getenv("NVPIPE_SHARED"); shared != "" {
		if path := filepath.Join(shared, "videos", name); exists(path) {
			return path
		}
	}
	if root := repository(); root != "" {
		if path := filepath.Join(root, "..", "shared", "videos", name); exists(path) {
			return path
		}
	}
	t.Skipf("the film %s is not in ../shared/videos beside the repository nor in $NVPIPE_SHARED/videos", name)
	return ""
}

// repository is the nearest folder upwards that has a go.mod, or "".
func repository() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "go.mod")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
