package rotate

import "errors"

// File is the open file of a Set. It belongs to the Set's goroutine.
type File struct {
	set    *Set
	path   string
	number int
	h      Handle
	size   int64
	torn   bool
}

// Path is where it is.
func (f *File) Path() string { return f.path }

// Size is what was appended, and what was there before.
func (f *File) Size() int64 { return f.size }

// Fits reports whether n more bytes keep the file within its size limit.
func (f *File) Fits(n int) bool { return f.size+int64(n) <= int64(f.set.cfg.MaxFileSize) }

// Append writes p whole or not at all: what a failed write left behind is cut
// off again, at the latest by the next Append. The size limit is the caller's
// to keep, by Fits, because only it knows where a file may end.
func (f *File) Append(p []byte) error {
	if err := f.mend(); err != nil {
		return classify("mend", f.path, err)
	}
	if err := f.set.room(int64(len(p))); err != nil {
		return err
	}
	n, err := f.h.Write(p)
	if err == nil {
		f.size += int64(len(p))
		return nil
	}
	f.torn = n > 0
	// The write's error is the one to report; mending is tried again.
	_ = f.mend()
	f.set.space.due()
	return classify("append to", f.path, err)
}

// Torn reports whether the rest of a failed write could not be cut off yet.
func (f *File) Torn() bool { return f.torn }

// mend cuts off what an incomplete write has left.
func (f *File) mend() error {
	if !f.torn {
		return nil
	}
	if err := f.h.Truncate(f.size); err != nil {
		return err
	}
	f.torn = false
	return nil
}

// Close writes the file through to the disk and closes it. A file without
// anything in it is removed. It is closed whatever the error.
func (f *File) Close() error {
	// A file that took our name since must not go in our place.
	empty := f.size == 0 && f.Present()
	err := errors.Join(f.mend(), f.h.Sync(), f.h.Close())
	f.set.open = nil
	switch {
	case empty:
		err = errors.Join(err, f.set.fs.Remove(f.path))
	case f.number > 0:
		f.set.shelf = append(f.set.shelf, entry{f.path, f.number, f.size})
	}
	if err != nil {
		return classify("close", f.path, err)
	}
	return nil
}
