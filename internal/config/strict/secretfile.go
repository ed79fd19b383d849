package strict

import (
	"encoding"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxSecret is far above any password or token and far below a wrong file.
const maxSecret = 4096

// decodeSecretFile reads the secret v from the file that the node names.
func (n Node) decodeSecretFile(v reflect.Value) {
	s, ok := n.scalar("the path of a file", false)
	if !ok {
		return
	}
	path := s.text
	if !filepath.IsAbs(path) {
		path = filepath.Join(n.doc.Dir(), path)
	}
	text, err := ReadSecret(path)
	if err != nil {
		n.Fail("the file %s %s", s.shown, err)
		return
	}
	n.doc.scrub.hide(text, "***")
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		n.Fail("what the file %s holds is not allowed here", s.shown)
	}
}

// ReadSecret returns the one line that a secret's file holds, without its end.
// The error is worded to follow the file's name.
func ReadSecret(path string) (string, error) {
	text, problem := readSecret(path)
	if problem != "" {
		return "", errors.New(problem)
	}
	return text, nil
}

// readSecret looks before it opens: opening a named pipe would wait.
func readSecret(path string) (text, problem string) {
	info, err := os.Stat(path)
	if err != nil {
		return "", openProblem(err)
	}
	if !info.Mode().IsRegular() {
		return "", "is not a regular file"
	}
	f, err := os.Open(path)
	if err != nil {
		return "", openProblem(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch text = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"); {
	case err != nil:
		return "", openProblem(err)
	case len(data) > maxSecret:
		return "", "is larger than 4 kB; it must hold one password or token"
	case text == "":
		return "", "is empty"
	case strings.ContainsAny(text, "\n\x00") || !utf8.ValidString(text):
		return "", "must hold one line of UTF-8 text"
	}
	return text, ""
}
