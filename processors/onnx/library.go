package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// LibraryEnv names the environment variable with the path of ONNX Runtime's
// shared library.
const LibraryEnv = "NVPIPE_ONNXRUNTIME"

const libraryName = "libonnxruntime.so.1"

// search says where a library may be, in order. A library that was named, by
// config or environment, is the only one.
type search struct {
	config, env         string
	executable, workDir string
}

func newSearch(config string) search {
	s := search{config: config, env: os.Getenv(LibraryEnv)}
	// Without either there is just one place less to look.
	s.executable, _ = os.Executable()
	s.workDir, _ = os.Getwd()
	return s
}

// paths lists the candidates. A named one must exist, and gets an error that
// says who named it; of the others only those that exist are listed, and at
// the end names that the system's loader looks up.
func (s search) paths() ([]string, error) {
	for _, named := range []struct{ by, path string }{{"library", s.config}, {LibraryEnv, s.env}} {
		if named.path == "" {
			continue
		}
		path, err := existing(named.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %s must be ONNX Runtime's shared library: %w", named.by, named.path, err)
		}
		return []string{path}, nil
	}
	var found []string
	for _, dir := range s.folders() {
		found = append(found, installed(dir)...)
	}
	if path, err := existing("/usr/lib/nvpipe/" + libraryName); err == nil {
		found = append(found, path)
	}
	found = append(found, libraryName, "libonnxruntime.so")
	return slices.Compact(found), nil
}

func (s search) folders() []string {
	var dirs []string
	if s.executable != "" {
		dir := filepath.Dir(s.executable)
		dirs = append(dirs, dir, filepath.Dir(dir))
	}
	if s.workDir != "" && !slices.Contains(dirs, s.workDir) {
		dirs = append(dirs, s.workDir)
	}
	return dirs
}

// existing is the absolute path of a regular file.
func existing(path string) (string, error) {
	info, err := os.Stat(path)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) { // without the path, which the caller says
		return "", pathErr.Err
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("not a regular file")
	}
	return filepath.Abs(path)
}

// installed lists what scripts/setup put below dir, newest version first.
func installed(dir string) []string {
	paths, err := filepath.Glob(filepath.Join(dir, ".cache", "onnxruntime", "*", arch(), libraryName))
	if err != nil { // dir has characters that make a malformed pattern
		return nil
	}
	slices.SortFunc(paths, func(a, b string) int { return compareVersions(versionOf(b), versionOf(a)) })
	return paths
}

func versionOf(path string) string { return filepath.Base(filepath.Dir(filepath.Dir(path))) }

// compareVersions compares dotted numbers; anything else counts as 0.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := cmp.Compare(number(as, i), number(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return 0
	}
	return n
}

// arch is the processor's name in the folders that scripts/setup makes.
func arch() string {
	if runtime.GOARCH == "amd64" {
		return "x64"
	}
	return runtime.GOARCH
}
