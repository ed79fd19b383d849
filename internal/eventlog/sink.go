package eventlog

import (
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/rotate"
)

// sink is where lines go. Its calls may block for as long as the disk likes.
type sink interface {
	// open makes ready to write; it does nothing when that is so.
	open() error
	// write returns how much of p is written for good and must not come again.
	write(p []byte) (int, error)
	close() error
	stats() rotate.Stats
}

// fileSink is a rotated file. After an error it starts afresh, because the
// volume may be another one by then; only a file with the rest of a failed
// write in it stays open until that is cut off, or its lines would come twice.
type fileSink struct {
	set  *rotate.Set
	file *rotate.File
}

func newFileSink(path string, cfg rotate.Config, fsys rotate.FS) *fileSink {
	base := filepath.Base(path)
	suffix := filepath.Ext(strings.TrimLeft(base, "."))
	return &fileSink{set: rotate.NewSet(rotate.Name{
		Dir:    filepath.Dir(path),
		Prefix: strings.TrimSuffix(base, suffix),
		Suffix: suffix,
		Perm:   0o640, // for the group of whoever ships logs
	}, cfg, fsys)}
}

func (s *fileSink) open() (err error) {
	if s.file == nil {
		s.file, err = s.set.OpenLines()
	}
	return err
}

func (s *fileSink) write(p []byte) (int, error) {
	if err := s.ready(len(p)); err != nil {
		return 0, err
	}
	if err := s.file.Append(p); err != nil {
		if !s.file.Torn() {
			s.close()
		}
		return 0, err
	}
	return len(p), nil
}

// ready opens the file that n more bytes belong into.
func (s *fileSink) ready(n int) error {
	if s.file != nil && !s.file.Present() {
		s.close() // its name is gone, and with it whatever closing could tell
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.file.Size() == 0 || s.file.Fits(n) {
		return nil
	}
	full := s.file
	s.file = nil
	if err := s.set.Shelve(full, time.Now()); err != nil {
		return err
	}
	return s.open()
}

func (s *fileSink) close() (err error) {
	if s.file != nil {
		err = s.file.Close()
		s.file = nil
	}
	return err
}

func (s *fileSink) stats() rotate.Stats { return s.set.Stats() }

// streamSink is standard output or another stream that cannot be cut: a write
// that stopped in the middle of a line goes on where it stopped.
type streamSink struct{ w io.Writer }

func (s streamSink) open() error { return nil }

func (s streamSink) write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = &rotate.Error{Class: rotate.IOError, Op: "write to", Path: "standard output", Err: err}
	}
	return max(0, min(n, len(p))), err
}

func (s streamSink) close() error { return nil }

func (s streamSink) stats() rotate.Stats { return rotate.Stats{} }
