package rotate_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
	"github.com/nvpipe/nvpipe/internal/units"
)

var at = time.Date(2026, 11, 23, 15, 22, 33, 0, time.UTC)

func config() rotate.Config {
	return rotate.Config{MaxFileSize: 1 << 20, Keep: 3, MaxTotal: 10 << 20, MinFree: 1 << 20}
}

func film(dir string) rotate.Name { return rotate.Name{Dir: dir, Prefix: "door", Suffix: ".mp4"} }

// write makes one finished file of n bytes.
func write(t *testing.T, s *rotate.Set, n int) string {
	t.Helper()
	f, err := s.Create(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(f.Path())
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestKeepsTheNewestAndGoesOnCounting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "films")
	s := rotate.NewSet(film(dir), config(), nil)
	for range 5 {
		write(t, s, 100)
	}
	// A restart, with an earlier clock: the number decides, not the time.
	s = rotate.NewSet(film(dir), config(), nil)
	if got := write(t, s, 100); got != "door-20261123T152233Z-000006.mp4" {
		t.Errorf("after a restart: %s, want number 6", got)
	}
	want := []string{
		"door-20261123T152233Z-000004.mp4",
		"door-20261123T152233Z-000005.mp4",
		"door-20261123T152233Z-000006.mp4",
	}
	if got := list(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if st := s.Stats(); st.Files != 3 || st.Bytes != 300 || st.Removed != 1 {
		t.Errorf("stats %+v, want 3 files of 300 bytes, 1 removed since the restart", st)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	foreign := []string{
		"door-20261123T152233Z-000001.mp4.bak", "door-20261123T152233Z-1.mp4", "door-front-20261123T152233Z-000001.mp4",
		"xdoor-20261123T152233Z-000001.mp4", "door.mp4", "holiday.mp4", "door-20261123T152233Z-000001.MP4",
	}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Of our name, but no files of ours.
	os.Mkdir(filepath.Join(dir, "door-20261123T152233Z-000001.mp4"), 0o700)
	os.Symlink(filepath.Join(dir, "holiday.mp4"), filepath.Join(dir, "door-20261123T152233Z-000002.mp4"))
	before := list(t, dir)
	cfg := config()
	cfg.Keep = 1
	s := rotate.NewSet(film(dir), cfg, nil)
	for i := range 5 {
		at := at.Add(time.Duration(i+1) * time.Second)
		f, err := s.Create(at)
		if err != nil {
			t.Fatal(err)
		}
		f.Append([]byte("x"))
		f.Close()
	}
	after := list(t, dir)
	for _, name := range before {
		if !slices.Contains(after, name) {
			t.Errorf("%s was removed", name)
		}
	}
	if len(after) != len(before)+1 {
		t.Errorf("files %v, want one of ours beside the foreign ones", after)
	}
}

func TestTotalIsNeverExceeded(t *testing.T) {
	dir := t.TempDir()
	cfg := config()
	cfg.Keep, cfg.MaxTotal = 100, 2<<20
	s := rotate.NewSet(film(dir), cfg, nil)
	piece := make([]byte, 100<<10)
	for range 10 {
		f, err := s.Create(at)
		if err != nil {
			t.Fatal(err)
		}
		for f.Fits(len(piece)) {
			if err := f.Append(piece); err != nil {
				t.Fatal(err)
			}
			if st := s.Stats(); st.Bytes > int64(cfg.MaxTotal) {
				t.Fatalf("%d bytes on disk, limit %d", st.Bytes, cfg.MaxTotal)
			}
		}
		if f.Size() > int64(cfg.MaxFileSize) {
			t.Fatalf("file of %d bytes, limit %d", f.Size(), cfg.MaxFileSize)
		}
		f.Close()
	}
}

func TestFloorTakesTheOldestFirstAndThenRefuses(t *testing.T) {
	dir := t.TempDir()
	fsys := rotatetest.New()
	cfg := config()
	cfg.MinFreePercent = 5
	s := rotate.NewSet(film(dir), cfg, fsys)
	write(t, s, 100)
	write(t, s, 100)

	fsys.SetSpace(rotate.Space{Free: 4 << 20, Total: 100 << 20}) // 5 % is 5 MiB
	_, err := s.Create(at)
	requireClass(t, err, rotate.DiskFull)
	if got := list(t, dir); len(got) != 0 {
		t.Errorf("%v still there below the floor", got)
	}
	if !strings.Contains(err.Error(), "4MiB free") || !strings.Contains(err.Error(), "5MiB must stay free") {
		t.Errorf("error %q does not give the figures", err)
	}
	fsys.SetSpace(rotate.Space{Free: 6 << 20, Total: 100 << 20})
	if got := write(t, s, 100); !strings.HasSuffix(got, "000003.mp4") {
		t.Errorf("after recovery: %s", got)
	}
}

func TestUnknownSpaceIsNoneAndRemovesNothing(t *testing.T) {
	dir := t.TempDir()
	fsys := rotatetest.New()
	s := rotate.NewSet(film(dir), config(), fsys)
	write(t, s, 100)
	fsys.Fault("space", syscall.EIO)
	_, err := s.Create(at)
	requireClass(t, err, rotate.DiskFull)
	if len(list(t, dir)) != 1 {
		t.Error("a file was removed although it was not known whether that helps")
	}
}

func requireClass(t *testing.T, err error, want rotate.Class) *rotate.Error {
	t.Helper()
	var e *rotate.Error
	if !errors.As(err, &e) || e.Class != want {
		t.Fatalf("error %v, want class %s", err, want)
	}
	if e.Path == "" || !strings.Contains(e.Error(), e.Path) || !strings.Contains(e.Error(), want.Advice()) {
		t.Errorf("%q does not name the path and what to do", e)
	}
	return e
}

func TestAppendIsWholeOrNothing(t *testing.T) {
	dir := t.TempDir()
	fsys := rotatetest.New()
	s := rotate.NewSet(film(dir), config(), fsys)
	f, err := s.Create(at)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	piece := bytes.Repeat([]byte("x"), 1000)
	if err := f.Append(piece); err != nil {
		t.Fatal(err)
	}
	onDisk := func() int { b, _ := os.ReadFile(f.Path()); return len(b) }

	fsys.Room(400)
	requireClass(t, f.Append(piece), rotate.DiskFull)
	if onDisk() != 1000 || f.Size() != 1000 {
		t.Errorf("%d bytes on disk, size %d after half a write; want 1000", onDisk(), f.Size())
	}

	// The cut fails too: the file is torn until it can be mended.
	fsys.Fault("truncate", syscall.EIO)
	requireClass(t, f.Append(piece), rotate.DiskFull)
	if onDisk() != 1400 {
		t.Fatalf("%d bytes on disk, want a torn file of 1400", onDisk())
	}
	fsys.Room(1 << 20)
	requireClass(t, f.Append(piece), rotate.IOError)
	fsys.Fault("truncate", nil)
	if err := f.Append(piece); err != nil || onDisk() != 2000 {
		t.Errorf("%d bytes, %v after mending; want 2000", onDisk(), err)
	}
}

func TestErrorClasses(t *testing.T) {
	for _, c := range []struct {
		op    string
		err   error
		class rotate.Class
	}{
		{"open", syscall.ENOSPC, rotate.DiskFull},
		{"open", syscall.EDQUOT, rotate.DiskFull},
		{"open", syscall.EROFS, rotate.ReadOnly},
		{"open", syscall.EACCES, rotate.Permission},
		{"open", syscall.EPERM, rotate.Permission},
		{"readdir", syscall.EIO, rotate.IOError},
		{"readdir", syscall.ENOENT, rotate.NotFound},
		{"stat", syscall.ENOTDIR, rotate.NotADirectory},
	} {
		fsys := rotatetest.New()
		fsys.Fault(c.op, c.err)
		s := rotate.NewSet(film(t.TempDir()), config(), fsys)
		_, err := s.Create(at)
		requireClass(t, err, c.class)
		if !errors.Is(err, c.err) {
			t.Errorf("%v does not wrap %v", err, c.err)
		}
		requireClass(t, s.Probe(), c.class)
	}
}

func TestDirectories(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	os.WriteFile(file, nil, 0o600)
	for dir, class := range map[string]rotate.Class{
		file:                              rotate.NotADirectory,
		filepath.Join(file, "films"):      rotate.NotADirectory,
		filepath.Join(root, "no", "such"): rotate.NotFound, // a volume that is not mounted
	} {
		_, err := rotate.NewSet(film(dir), config(), nil).Create(at)
		requireClass(t, err, class)
	}
	made := filepath.Join(root, "films")
	if err := rotate.NewSet(film(made), config(), nil).Probe(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(made)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made %v, %v; want a folder for its owner only", info.Mode(), err)
	}
	if left := list(t, made); len(left) != 0 {
		t.Errorf("probing left %v", left)
	}
}

func TestEmptyFileIsNotKept(t *testing.T) {
	dir := t.TempDir()
	s := rotate.NewSet(film(dir), config(), nil)
	f, err := s.Create(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil || len(list(t, dir)) != 0 {
		t.Errorf("%v, files %v", err, list(t, dir))
	}
}

func TestConfig(t *testing.T) {
	if err := rotate.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	bad := rotate.Config{MaxFileSize: 5, Keep: 0, MaxTotal: 1, MinFree: -1, MinFreePercent: 91}
	err := bad.Validate()
	for _, key := range []string{"max_file_size", "keep", "max_total", "min_free", "min_free_percent"} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h rotate.Health
		if !h.OK() || h.Set(nil) {
			t.Error("a new one is not fine")
		}
		full := &rotate.Error{Class: rotate.DiskFull, Err: fs.ErrInvalid}
		if !h.Set(full) || h.Set(full) {
			t.Error("a change is to be reported once")
		}
		if state, err := h.State(); state != "disk_full" || err != error(full) || h.OK() {
			t.Errorf("state %s, %v", state, err)
		}
		h.Set(nil)
		h.Enter()
		time.Sleep(rotate.StallAfter - 1)
		if !h.OK() {
			t.Error("stalled too early")
		}
		time.Sleep(1)
		if state, _ := h.State(); state != rotate.Stalled {
			t.Errorf("state %s while the disk hangs", state)
		}
		h.Leave()
		if !h.OK() {
			t.Error("still stalled after the disk has answered")
		}
	})
}

func TestRealVolumeHasSpace(t *testing.T) {
	s, err := rotate.OS{}.Space(t.TempDir())
	if err != nil || s.Total == 0 || s.Free > s.Total {
		t.Errorf("%v free of %v, %v", units.Bytes(s.Free), units.Bytes(s.Total), err)
	}
	if _, err := (rotate.OS{}).Space("/no/such/folder"); err == nil {
		t.Error("a missing folder has space")
	}
}
