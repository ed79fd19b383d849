package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// modelFiles is a model's file and those that it keeps weights in, which the
// runtime opens by itself.
type modelFiles struct {
	path     string
	external []string // names as the model has them
	digests  map[string]string
}

// check refuses files outside the model's folder, and those that are not what
// the digests say. Its errors are about keys of Config.
func (m modelFiles) check() error {
	folder, err := os.OpenRoot(filepath.Dir(m.path))
	if err != nil {
		return invalid.Field("model", "%v", err)
	}
	defer folder.Close()
	for _, name := range m.external {
		if err := inside(folder, name); err != nil {
			return invalid.Field("model", "%s keeps weights in %q, which must be a file in the model's own folder, or below: %v", m.path, name, err)
		}
	}
	if len(m.digests) == 0 {
		return nil
	}
	return m.compare(folder)
}

// inside checks that a file can be opened without leaving the folder, also not
// by a link.
func inside(folder *os.Root, name string) error {
	if !filepath.IsLocal(name) {
		return errors.New("it points elsewhere")
	}
	info, err := folder.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	return nil
}

// compare checks every file against its digest.
func (m modelFiles) compare(folder *os.Root) error {
	all := append([]string{filepath.Base(m.path)}, m.external...)
	var errs []error
	for _, name := range all {
		want, ok := m.digests[name]
		if !ok {
			errs = append(errs, invalid.Field("sha256", "has no digest of %s, one of the model's files", name))
			continue
		}
		seen, err := digest(filepath.Join(folder.Name(), name))
		switch {
		case err != nil:
			errs = append(errs, invalid.Field("sha256."+name, "%v", err))
		case !strings.EqualFold(seen, want):
			errs = append(errs, invalid.Field("sha256."+name, "the file has %s, wanted is %s: it is another model, or damaged", seen, want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.digests)) {
		if !slices.Contains(all, name) {
			errs = append(errs, invalid.Field("sha256."+name, "the model has no such file; it has %s", strings.Join(all, ", ")))
		}
	}
	return errors.Join(errs...)
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
