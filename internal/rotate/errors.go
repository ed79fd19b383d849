package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Class says what kind of trouble an Error is; it is a state in metrics and
// events too.
type Class string

// The classes.
const (
	// DiskFull: no space, no quota, below the floor, or free space unknown.
	DiskFull Class = "disk_full"
	// ReadOnly: the volume is mounted read-only, perhaps because of damage.
	ReadOnly Class = "read_only"
	// Permission: the process may not write there.
	Permission Class = "permission"
	// NotFound: the parent folder is missing; perhaps a volume is not mounted.
	NotFound Class = "not_found"
	// NotADirectory: a part of the path is a file.
	NotADirectory Class = "not_a_directory"
	// NotAFile: something that is not a regular file has the name.
	NotAFile Class = "not_a_file"
	// Foreign: a file that this program has not written has the name.
	Foreign Class = "foreign_file"
	// IOError: anything else, from a failing disk to a lost network share.
	IOError Class = "io_error"
)

var advice = map[Class]string{
	DiskFull:      "free space on this volume; rotation.keep and max_total limit what nvpipe takes, min_free and min_free_percent what it leaves",
	ReadOnly:      "remount the volume for writing, or choose a path on another one",
	Permission:    "give the user that runs nvpipe the right to write there, or choose another path",
	NotFound:      "create the parent folder or mount its volume",
	NotADirectory: "choose a path whose parents are folders",
	NotAFile:      "choose the path of a regular file",
	Foreign:       "choose a path that nothing else writes to",
	IOError:       "check the disk and the kernel's log",
}

// Advice is what a person can do about it.
func (c Class) Advice() string { return advice[c] }

// Error is what went wrong with a file or folder.
type Error struct {
	Class Class
	// Op is what was tried: "create", "append to", "rename", …
	Op   string
	Path string
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("cannot %s %s: %s (%v): %s", e.Op, e.Path, e.Class, e.Err, e.Class.Advice())
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// classify wraps an error of the operating system. It keeps an *Error as it is.
func classify(op, path string, err error) *Error {
	var classed *Error
	if errors.As(err, &classed) {
		return classed
	}
	return &Error{classOf(err), op, path, cause(err)}
}

func classOf(err error) Class {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return DiskFull
	case errors.Is(err, syscall.EROFS):
		return ReadOnly
	case errors.Is(err, fs.ErrPermission):
		return Permission
	case errors.Is(err, syscall.ENOTDIR):
		return NotADirectory
	case errors.Is(err, syscall.EISDIR):
		return NotAFile
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	}
	return IOError
}

// cause leaves out the path and operation that os adds: Error says them.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
