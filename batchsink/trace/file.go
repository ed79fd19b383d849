package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// file is the one being written, if any.
type file struct {
	path string
	open func(path string) (*os.File, error)
	f    *os.File
}

// put writes data, of which what begins at fresh goes to a new file; -1: nothing.
func (f *file) put(data []byte, fresh int) error {
	err := error(nil)
	if fresh >= 0 {
		if f.f != nil {
			err = f.append(data[:fresh])
		}
		if err = errors.Join(err, f.close()); err == nil {
			f.f, err = f.open(f.path)
		}
		data = data[fresh:]
	}
	if err == nil {
		err = f.append(data)
	}
	if err != nil {
		_ = f.close()
		return fmt.Errorf("the trace cannot be written: %w", err)
	}
	return nil
}

func (f *file) append(data []byte) error {
	if f.f == nil || len(data) == 0 {
		return nil
	}
	_, err := f.f.Write(data)
	return err
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	return err
}

// create makes a new file at path; a trace that is there becomes path.1.
func create(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := setAside(path, info); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// setAside makes room for a new file. A trace in which nothing was recorded, as on
// a full disk, does not take the place of the one before.
func setAside(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	if info.Size() == 0 {
		return os.Remove(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	begin, err := io.ReadAll(io.LimitReader(f, enough))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	switch {
	case !bytes.HasPrefix(begin, []byte(magic)):
		return fmt.Errorf("%s is there and is not a trace; name another file, or move it away", path)
	case bytes.Count(begin, []byte{'\n'}) < 3 && len(begin) < enough:
		return os.Remove(path)
	}
	return os.Rename(path, path+".1")
}
