package rotatetest

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Volume is a real file system of its own, in memory.
type Volume struct {
	Dir string
	t   testing.TB
}

// Mount makes a volume of so many bytes that goes with the test. Without the
// right to mount the test is skipped.
func Mount(t testing.TB, size int64) *Volume {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting a small volume needs root; the same faults are injected in other tests")
	}
	v := &Volume{t.TempDir(), t}
	if err := unix.Mount("tmpfs", v.Dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("mounting a small volume is not allowed here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(v.Dir, unix.MNT_DETACH) })
	return v
}

// ReadOnly remounts the volume, for reading only or for writing again. The
// kernel refuses the former while a file on it is open for writing.
func (v *Volume) ReadOnly(on bool) {
	v.t.Helper()
	flags := uintptr(unix.MS_REMOUNT)
	if on {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("tmpfs", v.Dir, "tmpfs", flags, ""); err != nil {
		v.t.Fatal(err)
	}
}
