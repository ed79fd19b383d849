package archtest

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestNoInit(t *testing.T) {
	inits := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			for _, d := range s.tree.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					breaches = append(breaches, s.at(f.Pos())+" has func init")
				}
			}
		}
		return breaches
	})
	inits.check(t, "what exists is written in a table, not registered by importing it")
	inits.control(t, [2]string{"a.go", "package p; func init() {}"}, [2]string{"b.go", "package p; type t int; func (t) init() {}"})
}

func TestFilesAreShort(t *testing.T) {
	const most = 600
	long := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			if s.lines > most {
				breaches = append(breaches, fmt.Sprintf("%s has %d lines, more than %d", s.path, s.lines, most))
			}
		}
		return breaches
	})
	long.check(t, "one file, one idea; split it by ideas")
	files(t, func(path string, text []byte) {
		lines := strings.Count(string(text), "\n")
		if (strings.HasSuffix(path, ".c") || strings.HasSuffix(path, ".h")) && lines > most {
			t.Errorf("%s has %d lines, more than %d", path, lines, most)
		}
	})
	long.control(t, [2]string{"a.go", "package p" + strings.Repeat("\n", most+1)}, [2]string{"a.go", "package p" + strings.Repeat("\n", most)})
}

// Sleeping is how virtual time passes inside a synctest bubble, where helpers
// of a test may do it too; anywhere else it is hoping.
func TestTestsDoNotSleep(t *testing.T) {
	sleeps := rule(func(all []*source) (breaches []string) {
		virtual := map[string]bool{}
		for _, s := range all {
			virtual[s.pkg] = virtual[s.pkg] || slices.Contains(s.imports, "testing/synctest")
		}
		for _, s := range all {
			if !s.test || virtual[s.pkg] {
				continue
			}
			for _, call := range calls(s, "time", "Sleep") {
				breaches = append(breaches, s.at(call.Pos())+" calls time.Sleep")
			}
		}
		return breaches
	})
	sleeps.check(t, "wait for the event itself, or use testing/synctest")
	sleeps.control(t,
		[2]string{"a_test.go", `package p; import "time"; func f() { time.Sleep(1) }`},
		[2]string{"a.go", `package p; import "time"; func f() { time.Sleep(1) }`},
		[2]string{"b_test.go", `package p; import ("testing/synctest"; "time"); func f() { synctest.Wait(); time.Sleep(1) }`})
}

// calls finds pkg.name(…).
func calls(s *source, pkg, name string) (found []*ast.CallExpr) {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if sel, ok := c.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
					found = append(found, c)
				}
			}
		}
		return true
	})
	return found
}

// machinePath is a path that exists on one person's machine.
var machinePath = regexp.MustCompile(`(?m)(?:^|[\s"'` + "`" + `(=:])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/[A-Za-z]`)

func TestNoMachinePaths(t *testing.T) {
	files(t, func(path string, text []byte) {
		if place := machinePath.FindIndex(text); place != nil {
			line := 1 + strings.Count(string(text[:place[1]]), "\n")
			t.Errorf("%s:%d: has the path of one machine; make it relative to the root", path, line)
		}
	})
	for text, want := range map[string]bool{
		"see /" + "work/main": true, `"/` + `home/joe/x"`: true, "rtsp://h/work/x": false, "ProtectHome": false, "a/work/b": false,
	} {
		if machinePath.MatchString(text) != want {
			t.Errorf("%q: machine path %v, want %v", text, !want, want)
		}
	}
}

// Exiting is main's: a library that ends the process takes all
// cameras with it.
func TestOnlyMainExits(t *testing.T) {
	exits := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			if s.test || s.tree.Name.Name == "main" {
				continue
			}
			found := calls(s, "os", "Exit")
			for _, name := range []string{"Fatal", "Fatalf", "Fatalln"} {
				found = append(found, calls(s, "log", name)...)
			}
			for _, call := range found {
				breaches = append(breaches, s.at(call.Pos())+" ends the process")
			}
		}
		return breaches
	})
	exits.check(t, "return an error; main decides on the exit code")
	exits.control(t, [2]string{"frame/a.go", `package p; import "os"; func f() { os.Exit(1) }`},
		[2]string{"cmd/x/a.go", `package main; import "os"; func f() { os.Exit(1) }`})
}

// leakUnchecked finds packages that start goroutines and whose tests do not
// look for leaked ones.
func leakUnchecked(all []*source) (breaches []string) {
	starts, checked := map[string]string{}, map[string]bool{}
	for _, s := range all {
		if s.test {
			checked[s.pkg] = checked[s.pkg] || slices.Contains(s.imports, "go.uber.org/goleak")
			continue
		}
		if s.tree.Name.Name == "main" {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok && starts[s.pkg] == "" {
				starts[s.pkg] = s.at(g.Pos())
			}
			return true
		})
	}
	for pkg, where := range starts {
		if !checked[pkg] {
			breaches = append(breaches, where+" starts a goroutine, and no test of "+pkg+" uses goleak")
		}
	}
	slices.Sort(breaches)
	return breaches
}

func TestLeaksAreLookedFor(t *testing.T) {
	rule(leakUnchecked).check(t, "whoever starts a goroutine waits for it; goleak in TestMain proves it")
	rule(leakUnchecked).control(t, [2]string{"p/a.go", "package p; func f() { go f() }"}, [2]string{"p/a.go", "package p; func f() { f() }"})
}
