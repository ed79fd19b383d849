package strict

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// MaxFile is the largest file read, in bytes. 128 feeds with every key
	// spelt out take about 200 kB.
	MaxFile = 1 << 20
	// MaxDepth is how deep mappings and lists may nest.
	MaxDepth = 64
)

func whole(file, text string) Mistakes { return Mistakes{{File: file, Line: 1, Column: 1, Text: text}} }

// Read returns the file's bytes. Its errors are [Mistakes]. No more than
// [MaxFile] bytes are read, whatever the file's size.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, whole(path, openProblem(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, whole(path, openProblem(err))
	} else if info.IsDir() {
		return nil, whole(path, "is a directory; name the config file in it")
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, whole(path, openProblem(err))
	}
	if len(data) > MaxFile {
		return nil, whole(path, "is larger than 1 MiB; this is not a config file, or it needs to be split")
	}
	return data, nil
}

func openProblem(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by this user; change its owner or mode"
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return "cannot be read: " + err.Error()
}

// parse turns text into the one document's root node, or says why not.
func parse(file string, data []byte) (*yaml.Node, Mistakes) {
	if m := badText(file, data); m != nil {
		return nil, m
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := guard(func() error { return dec.Decode(&doc) }); {
	case errors.Is(err, io.EOF) || err == nil && emptyDocument(&doc):
		return nil, whole(file, "is empty; it needs at least version: 1")
	case err != nil:
		return nil, Mistakes{syntaxMistake(file, data, err)}
	}
	switch err := guard(func() error { return dec.Decode(&second) }); {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err != nil:
		return nil, Mistakes{syntaxMistake(file, data, err)}
	}
	return nil, Mistakes{{File: file, Line: second.Line, Column: second.Column,
		Text: "a second document starts here (---); a config file is one document"}}
}

// emptyDocument: a file of comments, or of --- alone.
func emptyDocument(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && isNull(doc.Content[0])
}

func badText(file string, data []byte) Mistakes {
	line, start := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		text := ""
		switch {
		case r == utf8.RuneError && size <= 1:
			text = "is not UTF-8 text here; save the file as UTF-8"
		case r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			text = "has a control character here; remove it"
		}
		if text != "" {
			return Mistakes{{File: file, Line: line, Column: utf8.RuneCount(data[start:i]) + 1, Text: text}}
		}
		if i += size; r == '\n' {
			line, start = line+1, i
		}
	}
	return nil
}

// guard turns a panic of the YAML parser into an error: its comment handling
// has had some, and bad input must never end the program.
func guard(parse func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: cannot be understood")
		}
	}()
	return parse()
}
