package rotate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nvpipe/nvpipe/internal/rotate"
)

func events(dir string) rotate.Name {
	return rotate.Name{Dir: dir, Prefix: "events", Suffix: ".jsonl", Perm: 0o640}
}

func TestShelvedFilesAreNumberedAndKept(t *testing.T) {
	dir := t.TempDir()
	s := rotate.NewSet(events(dir), config(), nil)
	for range 4 {
		f, err := s.OpenLines()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Append([]byte("{}\n")); err != nil {
			t.Fatal(err)
		}
		if err := s.Shelve(f, at); err != nil {
			t.Fatal(err)
		}
	}
	f, err := s.OpenLines()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []string{"events-20261123T152233Z-000003.jsonl", "events-20261123T152233Z-000004.jsonl", "events.jsonl"}
	if got := list(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
}

func TestTornLastLineIsCutOff(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{"", "{}\n"},
		{"{\"a\":1}\n", "{\"a\":1}\n{}\n"},
		{"{\"a\":1}\n{\"b", "{\"a\":1}\n{}\n"},
		{"{\"b", "{}\n"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "events.jsonl")
		os.WriteFile(path, []byte(c.before), 0o600)
		s := rotate.NewSet(events(dir), config(), nil)
		f, err := s.OpenLines()
		if err != nil {
			t.Fatalf("%q: %v", c.before, err)
		}
		if err := f.Append([]byte("{}\n")); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if got, _ := os.ReadFile(path); string(got) != c.after {
			t.Errorf("%q became %q, want %q", c.before, got, c.after)
		}
	}
}

func TestForeignContentIsNotTouched(t *testing.T) {
	for _, content := range []string{"a letter to my aunt", strings.Repeat("x", 3<<20)} {
		dir := t.TempDir()
		path := filepath.Join(dir, "events.jsonl")
		os.WriteFile(path, []byte(content), 0o600)
		_, err := rotate.NewSet(events(dir), config(), nil).OpenLines()
		e := requireClass(t, err, rotate.Foreign)
		if e.Path != path {
			t.Errorf("error is about %s", e.Path)
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Error("it was changed")
		}
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	_, err := rotate.NewSet(events(dir), config(), nil).OpenLines() // must not wait for a reader
	requireClass(t, err, rotate.NotAFile)
	os.Remove(path)
	os.Mkdir(path, 0o700)
	_, err = rotate.NewSet(events(dir), config(), nil).OpenLines()
	requireClass(t, err, rotate.NotAFile)
}

func TestPresent(t *testing.T) {
	dir := t.TempDir()
	s := rotate.NewSet(events(dir), config(), nil)
	f, err := s.OpenLines()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !f.Present() {
		t.Error("not present after opening")
	}
	os.Rename(f.Path(), f.Path()+".moved")
	if f.Present() {
		t.Error("present after it was moved away")
	}
	os.WriteFile(f.Path(), nil, 0o600)
	if f.Present() {
		t.Error("another file of the name is taken for ours")
	}
}
