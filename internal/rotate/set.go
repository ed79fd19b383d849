package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Name is what the files of a set are called: DIR/PREFIX-TIME-NUMBER+SUFFIX.
type Name struct {
	Dir    string
	Prefix string
	// Suffix with its dot, such as ".mp4".
	Suffix string
	// Perm is the mode of new files; 0: 0600, as pictures of people need it.
	Perm fs.FileMode
}

// stamp is the time in a file name.
const stamp = "20060102T150405Z"

// Set is a bounded set of files. It belongs to one goroutine.
type Set struct {
	name    Name
	cfg     Config
	fs      FS
	pattern *regexp.Regexp

	next    int
	shelf   []entry // finished files, oldest first
	open    *File
	removed uint64
	space   spaceCheck
}

// entry is one finished file of ours.
type entry struct {
	path   string
	number int
	size   int64
}

// Stats is what a set amounts to.
type Stats struct {
	// Files and Bytes count what is on disk, the open file included, as of
	// the last time that the directory was read.
	Files int
	Bytes int64
	// Removed counts the files that had to go.
	Removed uint64
}

// NewSet touches no disk. fsys nil is the real one.
func NewSet(name Name, cfg Config, fsys FS) *Set {
	if fsys == nil {
		fsys = OS{}
	}
	if name.Perm == 0 {
		name.Perm = 0o600
	}
	return &Set{
		name: name, cfg: cfg, fs: fsys, next: 1,
		pattern: regexp.MustCompile(fmt.Sprintf(`^%s-\d{8}T\d{6}Z-(\d{6,12})%s$`,
			regexp.QuoteMeta(name.Prefix), regexp.QuoteMeta(name.Suffix))),
	}
}

// Create starts the next numbered file, after making room for it. at is the
// time in its name. The set has one open file at a time.
func (s *Set) Create(at time.Time) (*File, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	path := s.numbered(at)
	h, err := s.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, s.name.Perm)
	if err != nil {
		return nil, classify("create", path, err)
	}
	s.next++
	s.open = &File{set: s, path: path, number: s.next - 1, h: h}
	return s.open, nil
}

// Probe finds out whether a file could be written now, by writing a small one
// and removing it.
func (s *Set) Probe() error {
	if err := s.prepare(); err != nil {
		return err
	}
	path := filepath.Join(s.name.Dir, "."+s.name.Prefix+".probe")
	h, err := s.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, s.name.Perm)
	if err != nil {
		return classify("create", path, err)
	}
	_, err = h.Write(make([]byte, 4096))
	err = errors.Join(err, h.Close(), s.fs.Remove(path))
	if err != nil {
		return classify("write to", path, err)
	}
	return nil
}

// Stats of the set, for its own goroutine.
func (s *Set) Stats() Stats {
	st := Stats{Files: len(s.shelf), Bytes: s.shelved(), Removed: s.removed}
	if s.open != nil {
		st.Files++
		st.Bytes += s.open.size
	}
	return st
}

// prepare makes sure of the directory, finds our files in it, and makes room
// for one more.
func (s *Set) prepare() error {
	if err := s.mkdir(); err != nil {
		return err
	}
	if err := s.scan(); err != nil {
		return err
	}
	for len(s.shelf) > s.cfg.Keep-1 {
		if err := s.dropOldest(); err != nil {
			return err
		}
	}
	s.space.due()
	return s.room(0)
}

// mkdir creates the directory but not its parents: a volume that is not
// mounted must not turn into a folder on the disk below it.
func (s *Set) mkdir() error {
	dir := s.name.Dir
	info, err := s.fs.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = s.fs.Mkdir(dir, 0o700)
	case err == nil && !info.IsDir():
		return &Error{NotADirectory, "use", dir, errors.New("it is a file")}
	}
	if err != nil {
		return classify("create", dir, err)
	}
	return nil
}

// scan reads the directory anew, so that what others added or removed since
// is seen.
func (s *Set) scan() error {
	list, err := s.fs.ReadDir(s.name.Dir)
	if err != nil {
		return classify("read", s.name.Dir, err)
	}
	s.shelf = s.shelf[:0]
	for _, e := range list {
		m := s.pattern.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(s.name.Dir, e.Name())
		info, err := e.Info()
		if err != nil || (s.open != nil && s.open.path == path) {
			continue
		}
		number, _ := strconv.Atoi(m[1])
		s.shelf = append(s.shelf, entry{path, number, info.Size()})
		s.next = max(s.next, number+1)
	}
	slices.SortFunc(s.shelf, func(a, b entry) int { return a.number - b.number })
	return nil
}

func (s *Set) numbered(at time.Time) string {
	name := fmt.Sprintf("%s-%s-%06d%s", s.name.Prefix, at.UTC().Format(stamp), s.next, s.name.Suffix)
	return filepath.Join(s.name.Dir, name)
}
