package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	env         = "NVPIPE_ONNXRUNTIME"
	libraryName = "libonnxruntime.so.1"
)

// minimum is the oldest version whose API the binding can use.
var minimum = version{1, 24, 0}

type version [3]int

func parseVersion(s string) (v version, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

// present looks for a usable library. One that the environment names must be
// usable; others that are not are passed over.
func present(cache, arch string) (string, error) {
	if named := os.Getenv(env); named != "" {
		if err := usable(named, arch); err != nil {
			return "", fmt.Errorf("%s=%s: %w", env, named, err)
		}
		return filepath.Abs(named)
	}
	for _, path := range candidates(cache, arch) {
		if usable(path, arch) == nil {
			return filepath.Abs(path)
		}
	}
	return "", nil
}

func candidates(cache, arch string) []string {
	// Glob's only error is a malformed pattern, which finds nothing.
	found, _ := filepath.Glob(filepath.Join(cache, "*", arch, libraryName))
	slices.SortFunc(found, func(a, b string) int {
		va, _ := parseVersion(filepath.Base(filepath.Dir(filepath.Dir(a))))
		vb, _ := parseVersion(filepath.Base(filepath.Dir(filepath.Dir(b))))
		return slices.Compare(vb[:], va[:])
	})
	found = append(found, filepath.Join("/usr/lib/nvpipe", libraryName))
	triplet := map[string]string{"x64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[arch]
	for _, dir := range []string{"/usr/local/lib", filepath.Join("/usr/lib", triplet), "/usr/lib64", "/usr/lib"} {
		found = append(found, filepath.Join(dir, libraryName), filepath.Join(dir, "libonnxruntime.so"))
	}
	return found
}

// usable reads from the file itself whether it is ONNX Runtime, for arch, and
// new enough: its symbols carry the version.
func usable(path, arch string) error {
	f, err := elf.Open(path)
	var format *elf.FormatError
	if errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not a shared library, or cut short")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if want := map[string]elf.Machine{"x64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]; f.Machine != want {
		return fmt.Errorf("is for %v, must be for %v", f.Machine, want)
	}
	versions, err := f.DynamicVersions()
	if err != nil {
		return fmt.Errorf("not ONNX Runtime: %w", err)
	}
	for _, v := range versions {
		name, ok := strings.CutPrefix(v.Name, "VERS_")
		if !ok {
			continue
		}
		if have, ok := parseVersion(name); ok {
			if slices.Compare(have[:], minimum[:]) < 0 {
				return fmt.Errorf("is ONNX Runtime %s, must be %d.%d or newer", name, minimum[0], minimum[1])
			}
			return nil
		}
	}
	return errors.New("not ONNX Runtime: its symbols have no such version")
}
