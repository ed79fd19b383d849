package archtest

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/doc"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("update-docs", false, "write docs/faults.md anew")

const faultPage = "docs/faults.md"

// faultTest is a test that is named after a row of the table of faults.
type faultTest struct {
	row             int
	name, pkg, must string
	// soak: it is built only with the tag "soak".
	soak bool
}

var faultName = regexp.MustCompile(`^TestFault([0-9]+)_`)

// faultTests are all of the tree, by row, package and name.
func faultTests(all []*source) (tests []faultTest) {
	for _, s := range all {
		for _, decl := range s.tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !s.test || f.Recv != nil {
				continue
			}
			if m := faultName.FindStringSubmatch(f.Name.Name); m != nil {
				row, _ := strconv.Atoi(m[1])
				tests = append(tests, faultTest{row, f.Name.Name, s.pkg, firstSentence(f.Doc.Text()), inSoakOnly(s.tree)})
			}
		}
	}
	slices.SortFunc(tests, func(a, b faultTest) int {
		return cmp.Or(a.row-b.row, cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name))
	})
	return tests
}

func firstSentence(text string) string {
	return strings.ReplaceAll(new(doc.Package).Synopsis(text), "|", `\|`)
}

func inSoakOnly(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if e, err := constraint.Parse(c.Text); err == nil && c.Pos() < file.Package {
				return !e.Eval(func(tag string) bool { return tag != "soak" })
			}
		}
	}
	return false
}

func faultTable(tests []faultTest) string {
	var b strings.Builder
	covered := 0
	for i, title := range faultRows {
		row := i + 1
		n := 0
		for _, test := range tests {
			if test.row != row {
				continue
			}
			run := "in every run"
			if test.soak {
				run = "soak"
			}
			fmt.Fprintf(&b, "| %d | %s | `%s` | %s | `%s` | %s |\n", row, title, test.name, test.must, test.pkg, run)
			n++
		}
		if n > 0 {
			covered++
		} else {
			fmt.Fprintf(&b, "| %d | %s | – | – | – | no test |\n", row, title)
		}
	}
	head := fmt.Sprintf("%d tests for %d of %d rows.\n\n", len(tests), covered, len(faultRows))
	return head + "| row | fault | test | what must be true | package | result |\n|---|---|---|---|---|---|\n" + b.String()
}

// Every named fault test is a row of the page, and the page has no others.
func TestFaultPage(t *testing.T) {
	tests := faultTests(sources(t))
	for _, test := range tests {
		if test.row < 1 || test.row > len(faultRows) {
			t.Errorf("%s in %s: there is no row %d", test.name, test.pkg, test.row)
		}
		if test.must == "" {
			t.Errorf("%s in %s has no comment that says what must be true", test.name, test.pkg)
		}
	}
	path := filepath.Join(root(t), faultPage)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- tests of faults -->\n", "<!-- end -->\n"
	found := regexp.MustCompile(begin + `(?s:.*?)` + end).FindString(string(text))
	want := begin + faultTable(tests) + end
	switch {
	case found == "":
		t.Errorf("%s has no place between %q and %q", faultPage, begin, end)
	case found == want:
	case *updateDocs:
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), found, want, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the tests say; run go test ./internal/archtest -run FaultPage -update-docs", faultPage)
	}
}

func TestFaultTestsAreRead(t *testing.T) {
	const text = "//go:build soak && !race\n\npackage a\n\n// It is a | b. And more.\nfunc TestFault07_X(t *testing.T) {}\n\nfunc TestFaulty(t *testing.T) {}\n"
	s, err := parseSource("a/b_test.go", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := faultTest{7, "TestFault07_X", "a", `It is a \| b.`, true}
	if got := faultTests([]*source{s}); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
	if got := faultTable([]faultTest{want}); !strings.HasPrefix(got, "1 tests for 1 of 74 rows.") || !strings.Contains(got, "| a | soak |") && !strings.Contains(got, "`a` | soak |") {
		t.Errorf("%s", got)
	}
}
