package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/eventlog"
)

// Report is what `nvpipe check` says of a config file.
type Report struct {
	File string `json:"file"`
	// OK: the program would start with it.
	OK         bool   `json:"ok"`
	Processors int    `json:"processors"`
	Feeds      int    `json:"feeds"`
	Mistakes   []Note `json:"mistakes"`
	Warnings   []Note `json:"warnings"`
}

// Check loads a config file and looks at what it names: that models, films and
// other files are there, and that folders can be written to. It opens no
// camera and no port.
func Check(path string, o Options) Report {
	r := Report{File: path, Mistakes: []Note{}, Warnings: []Note{}}
	cfg, doc, err := load(path, o)
	var mistakes Mistakes
	if errors.As(err, &mistakes) {
		r.Mistakes = mistakes
		return r
	}
	c := checker{root: doc.Root()}
	c.check(cfg, o.Processors)
	r.Processors, r.Feeds = len(cfg.Processors), len(cfg.Feeds)
	r.Warnings = append(r.Warnings, cfg.Warnings...)
	r.Mistakes = append(r.Mistakes, c.notes...)
	sortNotes(r.Mistakes)
	r.OK = len(r.Mistakes) == 0
	return r
}

// WriteText writes the report for a person: mistakes, warnings and one closing
// line.
func (r Report) WriteText(w io.Writer) error {
	var err error
	print := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	if len(r.Mistakes) > 0 {
		print("%s\n", Mistakes(r.Mistakes))
	}
	for _, n := range r.Warnings {
		print("%s (warning)\n", n.Error())
	}
	switch {
	case r.OK:
		print("%s: fine: %s, %s\n", r.File, count(r.Processors, "processor"), count(r.Feeds, "feed"))
	default:
		print("%s: %s to correct\n", r.File, count(len(r.Mistakes), "mistake"))
	}
	return err
}

// WriteJSON writes the report as one object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// checker looks at the files and folders that a valid config names.
type checker struct {
	root  strict.Node
	notes []Note
}

func (c *checker) check(cfg *Config, types Registry) {
	c.file(c.root.Key("rtsp").Key("tls_cert"), cfg.RTSP.TLSCert)
	c.file(c.root.Key("rtsp").Key("tls_key"), cfg.RTSP.TLSKey)
	for _, p := range cfg.Processors {
		files := types[p.Type].Files
		if files == nil {
			continue
		}
		for _, f := range files(p.Settings) {
			at := c.root.Key("processors").Key(p.Name)
			for key := range strings.SplitSeq(f.Key, ".") {
				at = at.Key(key)
			}
			c.file(at, *f.Path)
		}
	}
	for _, f := range cfg.Feeds {
		c.feed(f)
	}
}

func (c *checker) feed(f Feed) {
	at := c.root.Key("feeds").Key(string(f.ID)).Inherits(c.root.Key("defaults"))
	c.file(at.Key("source").Key("film").Key("path"), f.Source.Film.Path)
	for i, k := range f.Continuations {
		item := at.Key("continuations").Item(i)
		switch {
		case k.Type == Events && k.Events.Path != eventlog.Stdout:
			c.folder(item.Key("path"), filepath.Dir(k.Events.Path))
		case k.Type == Film:
			c.folder(item.Key("dir"), k.Film.Dir)
		}
	}
}

func (c *checker) fail(at strict.Node, format string, args ...any) {
	c.notes = append(c.notes, at.Note(format, args...))
}

func (c *checker) file(at strict.Node, path string) {
	if path == "" {
		return
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		c.fail(at, "the file %s does not exist; relative paths start at the folder of the config file", path)
	case err != nil:
		c.fail(at, "the file %s cannot be looked at: %v", path, errors.Unwrap(err))
	case !info.Mode().IsRegular():
		c.fail(at, "%s is not a regular file", path)
	case unix.Access(path, unix.R_OK) != nil:
		c.fail(at, "the file %s may not be read by this user", path)
	}
}

// folder checks that the program can make files in dir. It makes dir itself
// when that is missing, but no more than that: a folder of folders that are
// missing is rather a disk that is not mounted.
func (c *checker) folder(at strict.Node, dir string) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.fail(at, "the folder %s does not exist; make it, or mount its disk", dir)
	case err != nil:
		c.fail(at, "the folder %s cannot be looked at: %v", dir, errors.Unwrap(err))
	case !info.IsDir():
		c.fail(at, "%s is a file, not a folder", dir)
	case unix.Access(dir, unix.W_OK|unix.X_OK) != nil:
		c.fail(at, "the folder %s cannot be written to by this user", dir)
	}
}
