package onnx

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func touch(t *testing.T, elements ...string) string {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhereTheLibraryIsLookedFor(t *testing.T) {
	dir := t.TempDir()
	cache := func(folder, version string) string {
		return touch(t, dir, folder, ".cache", "onnxruntime", version, arch(), libraryName)
	}
	named, inEnv := touch(t, dir, "named.so"), touch(t, dir, "env.so")
	atWork, beside, above, older := cache("work", "1.30.0"), cache("app/bin", "1.24.2"), cache("app", "1.100.0"), cache("app", "1.99.9")
	touch(t, dir, "work", ".cache", "onnxruntime", "1.31.0", "otherarch", libraryName)
	usual := search{executable: filepath.Join(dir, "app/bin/nvpipe"), workDir: filepath.Join(dir, "work")}

	got, err := usual.paths()
	if i := slices.Index(got, "/usr/lib/nvpipe/"+libraryName); i >= 0 { // where the package is installed
		got = slices.Delete(got, i, i+1)
	}
	if want := []string{beside, above, older, atWork, libraryName, "libonnxruntime.so"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	usual.env = inEnv
	if got, err := usual.paths(); err != nil || !slices.Equal(got, []string{inEnv}) {
		t.Errorf("with the environment's: %q, %v", got, err)
	}
	usual.config = named
	if got, err := usual.paths(); err != nil || !slices.Equal(got, []string{named}) {
		t.Errorf("with the config's: %q, %v", got, err)
	}
	for _, wrong := range []string{filepath.Join(dir, "none.so"), dir} {
		if _, err := (search{config: wrong}).paths(); err == nil || !strings.HasPrefix(err.Error(), "library: "+wrong) {
			t.Errorf("error is %v, want one about the library %s", err, wrong)
		}
		if _, err := (search{env: wrong}).paths(); err == nil || !strings.HasPrefix(err.Error(), LibraryEnv+": "+wrong) {
			t.Errorf("error is %v, want one about %s and %s", err, LibraryEnv, wrong)
		}
	}
}

func TestOneProcessHasOneLibrary(t *testing.T) {
	needRuntime(t)
	cfg := tiny(t, detector(0))
	cfg.Library = touch(t, t.TempDir(), "another.so")
	p, err := New(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "can load only one") {
		t.Errorf("error is %v", err)
	}
	if filepath.IsAbs(environment.path) { // else the system's loader found it by name
		cfg.Library = environment.path
		started(t, cfg, Options{})
	}
}

// childModel makes a test binary start a processor and print the error: the
// library can be loaded only once per process, failures are seen in a fresh one.
const childModel, childLabels = "NVPIPE_TEST_CHILD_MODEL", "NVPIPE_TEST_CHILD_LABELS"

func TestChildStart(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Model, cfg.Labels = os.Getenv(childModel), os.Getenv(childLabels)
	if cfg.Model == "" {
		t.Skip("is run by TestLibraryErrors in a process of its own")
	}
	p, err := New(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(p.Start(context.Background()))
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestLibraryErrors(t *testing.T) {
	cfg := tiny(t, detector(0))
	dir := t.TempDir()
	text := touch(t, dir, "text.so")
	// Shared libraries that every machine has, in place of the right one.
	libc := filepath.Join(dir, "libc.so")
	if maps, err := os.ReadFile("/proc/self/maps"); err == nil {
		for line := range strings.Lines(string(maps)) {
			if i := strings.Index(line, "/"); i >= 0 && strings.Contains(line, "libc.so") {
				libc = strings.TrimSpace(line[i:])
			}
		}
	}
	for _, c := range []struct{ name, library, want string }{
		{"missing", filepath.Join(dir, "none.so"), "none.so must be ONNX Runtime's shared library: no such file"},
		{"not a library", text, text + " (file too short)"},
		{"another library", libc, libc + " (not ONNX Runtime)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestChildStart$", "-test.v")
			cmd.Env = append(os.Environ(), LibraryEnv+"="+c.library, childModel+"="+cfg.Model, childLabels+"="+cfg.Labels)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), c.want) {
				t.Errorf("want %q in\n%s", c.want, out)
			}
			t.Logf("%s", out)
		})
	}
}
