package archtest

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// banned are go-gst v1.4.0's methods that leak, copy, crash or busy-wait, as
// measured; the shim does their work.
var banned = map[string]string{
	"Connect":               "its closure is never freed; connect in C",
	"AddWatch":              "leaks two descriptors each; use the shim's bus handler",
	"BlockPopMessage":       "polls with 1 ns and burns a core",
	"GetProperty":           "a structure or caps value is a use-after-free; read it in the shim",
	"PullSample":            "frames go through the shim, no finalizer owns one",
	"TryPullSample":         "frames go through the shim, no finalizer owns one",
	"PushBuffer":            "loses caps and segment; the shim pushes samples",
	"Map":                   "never reports failure, and its Bytes copy; the shim maps",
	"NewBufferFull":         "copies, then leaks the copy",
	"NewPipelineFromString": "the pipeline's elements are explicit; a text form is where secrets and injections hide",
	"Ref":                   "returns a wrapper without finalizer",
}

func usesGoGst(s *source) bool {
	for _, i := range s.imports {
		if strings.HasPrefix(i, "github.com/go-gst/") {
			return true
		}
	}
	return false
}

func bannedCalls(all []*source) (breaches []string) {
	for _, s := range all {
		if !usesGoGst(s) {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && banned[sel.Sel.Name] != "" {
				breaches = append(breaches, s.at(sel.Pos())+" uses "+sel.Sel.Name+": "+banned[sel.Sel.Name])
			}
			return true
		})
	}
	return breaches
}

func TestGoGstTraps(t *testing.T) {
	rule(bannedCalls).check(t, "these methods of the pinned binding are traps")
	const head = `package gstgraph; import "github.com/go-gst/go-gst/gst"; `
	rule(bannedCalls).control(t, [2]string{"pipeline/gstgraph/a.go", head + `func f(e *gst.Element) { e.Connect("pad-added", nil) }`},
		[2]string{"pipeline/gstgraph/a.go", head + `func f(e *gst.Element) { e.SetState(1) }`})
}

// plainUnref finds Unref without SetFinalizer(…, nil) in the same function:
// the finalizer would unref again.
func plainUnref(all []*source) (breaches []string) {
	for _, s := range all {
		if !usesGoGst(s) {
			continue
		}
		for _, d := range s.tree.Decls {
			unrefs, cleared := 0, len(calls(&source{tree: &ast.File{Name: s.tree.Name, Decls: []ast.Decl{d}}}, "runtime", "SetFinalizer"))
			ast.Inspect(d, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Unref" {
					unrefs++
				}
				return true
			})
			if unrefs > cleared {
				breaches = append(breaches, s.at(d.Pos())+" has Unref without runtime.SetFinalizer(x, nil)")
			}
		}
	}
	return breaches
}

func TestUnrefClearsTheFinalizer(t *testing.T) {
	rule(plainUnref).check(t, "a plain Unref is a double free, which is a crash")
	const head = `package gstgraph; import ("runtime"; "github.com/go-gst/go-gst/gst"); `
	rule(plainUnref).control(t, [2]string{"pipeline/gstgraph/a.go", head + `func f(e *gst.Caps) { e.Unref() }`},
		[2]string{"pipeline/gstgraph/a.go", head + `func f(e *gst.Caps) { runtime.SetFinalizer(e, nil); e.Unref() }`})
}

var autoPlugged = regexp.MustCompile(`"(?:uri)?decodebin3?"|"playbin3?"|"parsebin"`)

func TestNoAutoPlugging(t *testing.T) {
	files(t, func(path string, text []byte) {
		inGraph := strings.HasPrefix(path, "pipeline/gstgraph/") && !strings.HasSuffix(path, "_test.go")
		if inGraph && autoPlugged.Match(text) {
			t.Errorf("%s names an auto-plugging element; a camera must reach only the parsers and decoders we chose", path)
		}
	})
	if !autoPlugged.MatchString(`make("decodebin")`) || autoPlugged.MatchString(`make("avdec_h264")`) {
		t.Error("the rule cannot fail, or always does")
	}
}
