package rotate_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
)

func TestRealFullVolume(t *testing.T) {
	v := rotatetest.Mount(t, 3<<20)
	cfg := config()
	cfg.MinFree = 0 // so that the volume itself refuses
	s := rotate.NewSet(film(v.Dir), cfg, nil)
	f, err := s.Create(at)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else fills the volume up to its last page.
	filler := filepath.Join(v.Dir, "filler")
	os.WriteFile(filler, make([]byte, 3<<20-6000), 0o600)
	piece := make([]byte, 10_000)
	requireClass(t, f.Append(piece), rotate.DiskFull)
	if info, _ := os.Stat(f.Path()); info.Size() != 0 {
		t.Errorf("%d bytes left of a write that failed", info.Size())
	}
	os.WriteFile(filler+"2", make([]byte, 6000), 0o600)
	requireClass(t, s.Probe(), rotate.DiskFull)

	os.Remove(filler)
	if err := errors.Join(s.Probe(), f.Append(piece), f.Close()); err != nil {
		t.Error("after space was freed:", err)
	}
}

func TestRealFloorMakesRoom(t *testing.T) {
	v := rotatetest.Mount(t, 8<<20)
	cfg := config()
	cfg.Keep, cfg.MinFree = 100, 2<<20
	s := rotate.NewSet(film(v.Dir), cfg, nil)
	for range 20 {
		write(t, s, 1<<20)
		space, err := rotate.OS{}.Space(v.Dir)
		if err != nil || space.Free < 2<<20 {
			t.Fatalf("%d bytes free, %v; 2 MiB must stay", space.Free, err)
		}
	}
	if st := s.Stats(); st.Files < 5 || st.Removed < 14 {
		t.Errorf("stats %+v, want the volume used up to the floor", st)
	}
}

func TestRealReadOnlyVolume(t *testing.T) {
	v := rotatetest.Mount(t, 3<<20)
	s := rotate.NewSet(film(v.Dir), config(), nil)
	v.ReadOnly(true)
	_, err := s.Create(at)
	requireClass(t, err, rotate.ReadOnly)
	requireClass(t, s.Probe(), rotate.ReadOnly)
	v.ReadOnly(false)
	if err := s.Probe(); err != nil {
		t.Error("after remounting for writing:", err)
	}
}
