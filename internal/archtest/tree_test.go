package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/nvpipe/nvpipe"

// source is one Go file of the module.
type source struct {
	// path and pkg are relative to the root, with slashes; pkg is "." for the root.
	path, pkg string
	test      bool
	// generated: nobody writes it, so rules on how to write do not apply.
	generated bool
	lines     int
	fset      *token.FileSet
	tree      *ast.File
	imports   []string
}

// within reports whether the file's package is one of dirs or below one that
// ends in "/...".
func (s *source) within(dirs ...string) bool { return within(s.pkg, dirs) }

func within(pkg string, dirs []string) bool {
	for _, d := range dirs {
		if below, ok := strings.CutSuffix(d, "/..."); ok {
			if pkg == below || strings.HasPrefix(pkg, below+"/") {
				return true
			}
		} else if pkg == d {
			return true
		}
	}
	return false
}

func (s *source) at(pos token.Pos) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(pos).Line)
}

// generatedLine is what Go's tools look for, too.
var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func parseSource(path string, text []byte) (*source, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	s := &source{
		path: path, pkg: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
		generated: generatedLine.Match(text),
		lines:     strings.Count(string(text), "\n"), fset: fset, tree: tree,
	}
	for _, i := range tree.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		s.imports = append(s.imports, name)
	}
	return s, nil
}

func root(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("no go.mod above the test")
	}
}

// files calls visit with each file of the tree that people write; path is
// relative to the root.
func files(t testing.TB, visit func(path string, text []byte)) {
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, path)
		switch name := d.Name(); {
		case d.IsDir() && rel != "." && (name[0] == '.' || name == "testdata" || name == "node_modules" || name == "bin"):
			return filepath.SkipDir
		case !d.Type().IsRegular(), rel == ".git": // a file in a second work tree
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			visit(filepath.ToSlash(rel), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sources(t testing.TB) []*source {
	var all []*source
	files(t, func(path string, text []byte) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		s, err := parseSource(path, text)
		if err != nil {
			t.Error(err)
			return
		}
		all = append(all, s)
	})
	if len(all) == 0 {
		t.Fatal("no Go files found")
	}
	return all
}

// rule finds what is against it among the files.
type rule func([]*source) []string

func (r rule) check(t *testing.T, why string) {
	t.Helper()
	for _, breach := range r(sources(t)) {
		t.Errorf("%s\n\t%s", breach, why)
	}
}

// control asserts that the rule finds a breach in the first file and none in
// the others. Each is a path and its text.
func (r rule) control(t *testing.T, bad [2]string, good ...[2]string) {
	t.Helper()
	found := func(file [2]string) []string {
		s, err := parseSource(file[0], []byte(file[1]))
		if err != nil {
			t.Fatal(err)
		}
		return r([]*source{s})
	}
	if len(found(bad)) == 0 {
		t.Errorf("the rule passes over %s: %s", bad[0], bad[1])
	}
	for _, g := range good {
		if b := found(g); len(b) > 0 {
			t.Errorf("the rule is against %s: %s: %v", g[0], g[1], b)
		}
	}
}
