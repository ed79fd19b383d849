package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// maxTornLine is how much of an incomplete last line is looked at; more than
// one line of ours ever has.
const maxTornLine = 1 << 20

// OpenLines opens DIR/PREFIX+SUFFIX, the one without a number, to append whole
// lines of JSON to it. It is created if it is missing; an incomplete last line,
// left by a crash, is cut off. Shelve gives it its number.
func (s *Set) OpenLines() (*File, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	path := filepath.Join(s.name.Dir, s.name.Prefix+s.name.Suffix)
	// Opening a named pipe would wait for its reader.
	if info, err := s.fs.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &Error{NotAFile, "append to", path, fmt.Errorf("it is a %s", kind(info.Mode()))}
	}
	h, err := s.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, s.name.Perm)
	if err != nil {
		return nil, classify("open", path, err)
	}
	size, err := cutTornLine(h, path)
	if err != nil {
		return nil, errors.Join(classify("append to", path, err), h.Close())
	}
	s.open = &File{set: s, path: path, h: h, size: size}
	return s.open, nil
}

// Shelve closes a file of OpenLines and gives it the next numbered name; an
// empty one is removed.
func (s *Set) Shelve(f *File, at time.Time) error {
	empty := f.size == 0
	if err := f.Close(); err != nil || empty {
		return err
	}
	if err := s.scan(); err != nil {
		return err
	}
	to := s.numbered(at)
	if err := s.fs.Rename(f.path, to); err != nil {
		return classify("rename", f.path, err)
	}
	s.shelf = append(s.shelf, entry{to, s.next, f.size})
	s.next++
	return nil
}

// Present reports whether the file still has its name, as far as can be told.
// Somebody may have moved it or removed it, and what is appended then would be
// seen by nobody.
func (f *File) Present() bool {
	named, err := f.set.fs.Stat(f.path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	held, err := f.h.Stat()
	return err != nil || os.SameFile(named, held)
}

// cutTornLine returns the size after cutting.
func cutTornLine(h Handle, path string) (int64, error) {
	info, err := h.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	tail := make([]byte, min(size, maxTornLine))
	if _, err := h.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return 0, err
	}
	whole := int64(bytes.LastIndexByte(tail, '\n') + 1)
	if whole == int64(len(tail)) {
		return size, nil
	}
	if whole == 0 && (size > maxTornLine || tail[0] != '{') {
		return 0, &Error{Foreign, "append to", path, errors.New("it does not hold lines of JSON")}
	}
	cut := size - int64(len(tail)) + whole
	return cut, h.Truncate(cut)
}

func kind(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&os.ModeNamedPipe != 0:
		return "named pipe"
	case m&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
