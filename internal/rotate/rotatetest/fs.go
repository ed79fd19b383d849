// Package rotatetest has a file system with faults on demand, for the tests of
// everything that writes through package rotate.
package rotatetest

import (
	"io/fs"
	"sync"
	"syscall"

	"github.com/nvpipe/nvpipe/internal/rotate"
)

// FS is the real file system with faults. Its methods may be called from any
// goroutine, so a test can break the disk under a running writer.
type FS struct {
	rotate.OS

	mu     sync.Mutex
	faults map[string]error
	room   int64 // bytes that can still be written
	space  rotate.Space
	hang   chan struct{}
}

// New is a healthy volume of 1 TiB.
func New() *FS {
	return &FS{
		faults: make(map[string]error),
		room:   1 << 40,
		space:  rotate.Space{Free: 1 << 40, Total: 1 << 40},
	}
}

// Fault makes an operation fail: "open", "mkdir", "stat", "readdir", "rename",
// "remove", "space", "write", "truncate", "sync"; nil heals it.
func (f *FS) Fault(op string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[op] = err
}

// Room is how many bytes can still be written: the write that passes it stops
// in the middle with ENOSPC. Truncating gives room back.
func (f *FS) Room(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.room = n
}

// SetSpace is what asking for free space answers.
func (f *FS) SetSpace(s rotate.Space) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.space = s
}

// Hang makes every write wait until release is called.
func (f *FS) Hang() (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	hang := make(chan struct{})
	f.hang = hang
	return sync.OnceFunc(func() {
		f.mu.Lock()
		f.hang = nil
		f.mu.Unlock()
		close(hang)
	})
}

func (f *FS) fault(op string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.faults[op]
}

// OpenFile opens a real file that shares the faults.
func (f *FS) OpenFile(name string, flag int, perm fs.FileMode) (rotate.Handle, error) {
	if err := f.fault("open"); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	h, err := f.OS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &file{h, f}, nil
}

// Mkdir see Fault.
func (f *FS) Mkdir(name string, perm fs.FileMode) error {
	if err := f.fault("mkdir"); err != nil {
		return err
	}
	return f.OS.Mkdir(name, perm)
}

// Stat see Fault.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	if err := f.fault("stat"); err != nil {
		return nil, err
	}
	return f.OS.Stat(name)
}

// ReadDir see Fault.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.fault("readdir"); err != nil {
		return nil, err
	}
	return f.OS.ReadDir(name)
}

// Rename see Fault.
func (f *FS) Rename(from, to string) error {
	if err := f.fault("rename"); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

// Remove see Fault.
func (f *FS) Remove(name string) error {
	if err := f.fault("remove"); err != nil {
		return err
	}
	return f.OS.Remove(name)
}

// Space answers what SetSpace said.
func (f *FS) Space(string) (rotate.Space, error) {
	if err := f.fault("space"); err != nil {
		return rotate.Space{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.space, nil
}

// take gives the number of bytes that a write of n may write.
func (f *FS) take(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = int(min(int64(n), f.room))
	f.room -= int64(n)
	return n
}

type file struct {
	rotate.Handle
	fs *FS
}

func (h *file) Write(p []byte) (int, error) {
	h.fs.mu.Lock()
	hang := h.fs.hang
	h.fs.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if err := h.fs.fault("write"); err != nil {
		return 0, err
	}
	n, err := h.Handle.Write(p[:h.fs.take(len(p))])
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (h *file) Truncate(size int64) error {
	if err := h.fs.fault("truncate"); err != nil {
		return err
	}
	info, err := h.Stat()
	if err != nil {
		return err
	}
	if err := h.Handle.Truncate(size); err != nil {
		return err
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	h.fs.room += info.Size() - size
	return nil
}

// Sync only fails on demand: no test needs to wait for a real disk.
func (h *file) Sync() error { return h.fs.fault("sync") }

// Heal ends all faults but Hang and gives room without end.
func (f *FS) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.faults)
	f.room = 1 << 40
}
