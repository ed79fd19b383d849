package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	files := tar.NewWriter(zip)
	for _, name := range names {
		content := "content of " + name
		if err := files.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, content); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{files, zip} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL + "/a.tgz"
}

func digestOf(data []byte) digest {
	sum := sha256.Sum256(data)
	return digest{sha256.New, sum[:]}
}

func TestInstall(t *testing.T) {
	good := archive(t, "a/readme", "a/lib.so", "a/more")
	send := func(data []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write(data) }
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		digest  digest
		member  string
		want    string // part of the error; empty: installed
	}{
		{"good", send(good), digestOf(good), "a/lib.so", ""},
		{"another archive", send(archive(t, "a/lib.so")), digestOf(good), "a/lib.so", "digest"},
		{"something appended", send(append(bytes.Clone(good), 1)), digestOf(good), "a/lib.so", "digest"},
		{"a page in its place", send([]byte("<html>sign in</html>")), digestOf(good), "a/lib.so", "digest"},
		{"no such member", send(good), digestOf(good), "lib.so", "no lib.so in the archive"},
		{"not found", http.NotFound, digestOf(good), "a/lib.so", "404"},
		{"cut short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Write(good[:len(good)/2])
		}, digestOf(good), "a/lib.so", "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "deep", "er")
			target := filepath.Join(dir, libraryName)
			s := source{url: serve(t, c.handler), digest: c.digest, member: c.member}
			err := s.install(t.Context(), target)
			data, readErr := os.ReadFile(target)
			switch {
			case c.want == "" && (err != nil || string(data) != "content of a/lib.so"):
				t.Fatalf("%v; file %q, %v", err, data, readErr)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("error is %v, want one with %q", err, c.want)
			case c.want != "" && readErr == nil:
				t.Fatal("the file is there all the same")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestSources(t *testing.T) {
	t.Setenv("npm_config_registry", "https://user:secret@npm.example/base/")
	for _, arch := range []string{"x64", "arm64"} {
		all := sources(arch)
		if len(all) != 2 || len(all[0].digest.want) != 32 || len(all[1].digest.want) != 64 {
			t.Fatalf("%+v", all)
		}
		if want := "https://user:secret@npm.example/base/onnxruntime-node/-/onnxruntime-node-" + npmVersion + ".tgz"; all[1].url != want {
			t.Errorf("%s, want %s", all[1].url, want)
		}
		if shown := redacted(all[1].url); strings.Contains(shown, "secret") {
			t.Errorf("shown as %s", shown)
		}
	}
}

func TestRegistry(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("npm_config_registry", "")
	t.Setenv("NPM_CONFIG_REGISTRY", "")
	if got := registry(); got != npmjs {
		t.Errorf("without settings: %s", got)
	}
	rc := "; registry=https://comment\n@scope:registry=https://scope\nregistry = \"https://first/\"\nregistry=https://second/\n"
	if err := os.WriteFile(filepath.Join(home, ".npmrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := registry(); got != "https://second" {
		t.Errorf("by .npmrc: %s", got)
	}
	t.Setenv("NPM_CONFIG_REGISTRY", "http://mirror")
	if got := registry(); got != "http://mirror" {
		t.Errorf("by the environment: %s", got)
	}
}

func TestWhatIsNoLibrary(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"x64": "arm64", "arm64": "x64"}[defaultArch()]
	for _, c := range []struct{ path, arch, want string }{
		{filepath.Join(t.TempDir(), "none"), defaultArch(), "no such file"},
		{text, defaultArch(), "not a shared library"},
		{self, defaultArch(), "not ONNX Runtime"},
		{self, other, "must be for"},
	} {
		if err := usable(c.path, c.arch); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: error is %v, want one with %q", c.path, c.arch, err, c.want)
		}
	}
}

func TestAnEarlierDownloadIsFound(t *testing.T) {
	t.Setenv(env, "")
	library, err := present(filepath.Join("..", "..", ".cache", "onnxruntime"), defaultArch())
	if err != nil || library == "" {
		t.Skip("needs ONNX Runtime: run scripts/onnxruntime")
	}
	data, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	put := func(version string, data []byte) string {
		path := filepath.Join(cache, version, defaultArch(), libraryName)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("1.9.0", data)
	want := put("1.10.0", data)
	put("1.11.0", data[:len(data)/2]) // an interrupted copy
	if got, err := present(cache, defaultArch()); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	t.Setenv(env, filepath.Join(cache, "none"))
	if got, err := present(cache, defaultArch()); err == nil || !strings.Contains(err.Error(), env) {
		t.Errorf("got %s, %v; want an error about %s", got, err, env)
	}
}

func TestOptions(t *testing.T) {
	arch := defaultArch()
	other := map[string]string{"x64": "arm64", "arm64": "x64"}[arch]
	for _, c := range []struct {
		o    options
		rest []string
		ok   bool
	}{
		{options{arch: arch}, nil, true},
		{options{arch: other, into: "x"}, nil, true},
		{options{arch: other}, nil, false},
		{options{arch: "riscv64", into: "x"}, nil, false},
		{options{arch: arch, into: "x", offline: true}, nil, false},
		{options{arch: arch}, []string{"more"}, false},
	} {
		if err := c.o.validate(c.rest); (err == nil) != c.ok {
			t.Errorf("%+v %q: %v", c.o, c.rest, err)
		}
	}
	t.Setenv(env, "")
	if runtime.GOOS == "linux" {
		o := options{cache: t.TempDir(), arch: arch, offline: true}
		if path, err := o.library(t.Context()); err == nil && strings.HasPrefix(path, o.cache) {
			t.Errorf("found %s in an empty folder", path)
		}
	}
}

// silence is a body that never comes.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
func (silence) Close() error { return nil }

func TestAStalledDownloadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		b := watch(ctx, cancel, silence{ctx})
		defer b.Close()
		began := time.Now()
		_, err := b.Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), "nothing came for") || time.Since(began) != stallTimeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
