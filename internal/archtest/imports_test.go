package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// leaves are the small packages that everybody may import.
var leaves = []string{"frame", "internal/invalid", "internal/listen", "internal/secret", "internal/units"}

// arrows says which packages of the module a package's code may import besides
// the leaves. The first entry that matches counts.
var arrows = []struct {
	pkg string
	may []string
}{
	{"frame/...", nil},
	{"internal/invalid", nil},
	{"internal/listen", nil},
	{"internal/secret", nil},
	{"internal/units", nil},
	{"batchsink/...", []string{"batchsink/..."}},
	{"processors/...", []string{"processors/..."}},
	{"pipeline/gstgraph/...", []string{"pipeline", "pipeline/gstgraph/..."}},
	{"pipeline/...", []string{"pipeline"}},
	{"internal/config/strict", nil},
	// The config composes the parts' Config types; it starts nothing.
	{"internal/config", []string{
		"internal/config/strict", "batchsink", "pipeline", "internal/eventlog", "internal/film", "internal/governor", "internal/memory", "internal/overlay", "internal/rotate", "internal/rtspout",
	}},
	{"internal/config/builtin", []string{"internal/config", "processors/..."}},
	{"internal/coalesce", nil},
	{"internal/governor", nil},
	{"internal/memory", nil},
	{"internal/rotate", nil},
	{"internal/overlay", nil},
	{"internal/scene", nil},
	{"internal/eventlog", []string{"internal/rotate", "internal/coalesce"}},
	{"internal/film", []string{"internal/rotate", "internal/coalesce"}},
	{"internal/rtspcam/...", []string{"internal/rtspcam/...", "internal/rtspout/rtpcast", "internal/scene"}},
	{"internal/rtspout/...", []string{"internal/rtspout/..."}},
	// internal/app joins the parts; the root is thin over it, cmd over both.
	{"internal/app/...", []string{"batchsink", "processors/...", "pipeline/...", "internal/..."}},
	{"internal/demo/...", []string{"batchsink", "processors/...", "pipeline/...", "internal/..."}},
	{"scripts/...", []string{"internal/scene"}},
	{"internal/bench/...", []string{".", "batchsink", "processors/...", "pipeline/...", "internal/..."}},
	{"internal/offline", []string{"processors/...", "pipeline/...", "internal/eventlog", "internal/film", "internal/overlay"}},
	{"internal/doctor", []string{"processors/onnx", "pipeline/gstgraph", "internal/config", "internal/eventlog", "internal/rotate"}},
	{"internal/...", []string{"batchsink", "processors/...", "pipeline", "internal/..."}},
	{".", []string{"batchsink", "processors/...", "pipeline/...", "internal/..."}},
	{"cmd/...", []string{".", "batchsink", "processors/...", "pipeline/...", "internal/...", "cmd/..."}},
}

func isLeaf(pkg string) bool { return slices.Contains(leaves, pkg) }

// ours is the package's path within the module.
func ours(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func mayImport(from, to string) bool {
	for _, a := range arrows {
		if within(from, []string{a.pkg}) {
			return within(to, a.may) || isLeaf(to) && !isLeaf(from) || from == to
		}
	}
	return true
}

func unmeantArrows(all []*source) (breaches []string) {
	for _, s := range all {
		for _, i := range s.imports {
			if to, ok := ours(i); ok && !s.test && !mayImport(s.pkg, to) {
				breaches = append(breaches, fmt.Sprintf("%s imports %s", s.path, to))
			}
		}
	}
	return breaches
}

func TestArrows(t *testing.T) {
	rule(unmeantArrows).check(t, "the parts know each other only through the arrows in imports_test.go")
	imports := func(path, imported string) [2]string {
		return [2]string{path, "package p\nimport _ \"" + imported + "\"\n"}
	}
	for _, bad := range [][2]string{
		imports("batchsink/a.go", module+"/pipeline"),
		imports("batchsink/a.go", module+"/processors"),
		imports("processors/onnx/a.go", module+"/batchsink"),
		imports("pipeline/a.go", module+"/pipeline/gstgraph"),
		imports("frame/a.go", module+"/internal/units"),
		imports("internal/config/a.go", module+"/pipeline/gstgraph"),
		imports("internal/app/a.go", module+"/cmd/nvpipe"),
		imports("internal/metrics/a.go", module+"/pipeline/gstgraph"),
		imports("internal/app/a.go", module),
	} {
		rule(unmeantArrows).control(t, bad,
			imports("batchsink/a_test.go", module+"/processors"), imports("batchsink/a.go", module+"/frame"), imports("cmd/nvpipe/a.go", module))
	}
}

// The three parts do not meet in tests either: each has its own fakes.
func TestPartsDoNotMeetInTests(t *testing.T) {
	parts := []string{"batchsink", "processors", "pipeline"}
	meet := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			mine, _, _ := strings.Cut(s.pkg, "/")
			for _, i := range s.imports {
				to, ok := ours(i)
				its, _, _ := strings.Cut(to, "/")
				if ok && slices.Contains(parts, mine) && slices.Contains(parts, its) && mine != its {
					breaches = append(breaches, fmt.Sprintf("%s imports %s", s.path, to))
				}
			}
		}
		return breaches
	})
	meet.check(t, "batchsink, processors and pipeline build and test without each other")
	meet.control(t, [2]string{"batchsink/a_test.go", "package p\nimport _ \"" + module + "/pipeline\""},
		[2]string{"pipeline/gstgraph/a_test.go", "package p\nimport _ \"" + module + "/pipeline\""})
}

// libraries says which packages may use which module. A new module gets a line
// here, so that where it may spread is decided once, by name.
var libraries = []struct {
	module string
	users  []string
}{
	{"github.com/go-gst/", []string{"pipeline/gstgraph/..."}},
	{"github.com/yalue/onnxruntime_go", []string{"processors/onnx/...", "processors/oip/oiptest/ortmodel"}},
	{"github.com/bluenviron/gortsplib/", []string{"internal/rtspcam/...", "internal/rtspout/..."}},
	{"github.com/bluenviron/mediacommon/", []string{"internal/rtspcam/...", "internal/rtspout/...", "internal/film", "internal/footage"}},
	{"github.com/pion/", []string{"internal/rtspcam/...", "internal/rtspout/...", "internal/footage/..."}},
	{"github.com/abema/go-mp4", []string{"internal/film/...", "internal/rtspcam/...", "internal/footage/..."}},
	{"github.com/Shopify/toxiproxy/", []string{"internal/rtspcam/badnet"}},
	{"github.com/rs/zerolog", []string{"internal/rtspcam/badnet"}},
	{"go.uber.org/zap", []string{"internal/app/...", "internal/coalesce", "internal/demo/...", "cmd/...", "."}},
	{"google.golang.org/grpc", []string{"processors/oip/..."}},
	{"google.golang.org/protobuf", []string{"processors/oip/..."}},
	{"golang.org/x/term", []string{"cmd/..."}},
	{"gopkg.in/yaml.v3", []string{"internal/config/..."}},
	{"github.com/prometheus/", []string{"internal/metrics/...", "internal/app/..."}},
	{"golang.org/x/image", []string{"internal/overlay/...", "internal/scene/...", "cmd/...", "internal/demo/..."}},
	{"golang.org/x/sys", []string{"..."}},
}

// testLibraries may be used by tests everywhere.
var testLibraries = []string{"go.uber.org/goleak", "go.uber.org/zap", "gopkg.in/yaml.v3", "github.com/prometheus/"}

func unmeantLibraries(all []*source) (breaches []string) {
	for _, s := range all {
		for _, i := range s.imports {
			if first, _, _ := strings.Cut(i, "/"); !strings.Contains(first, ".") {
				continue
			}
			if _, ok := ours(i); !ok && !mayUse(s, i) {
				breaches = append(breaches, fmt.Sprintf("%s imports %s", s.path, i))
			}
		}
	}
	return breaches
}

func mayUse(s *source, path string) bool {
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
	if s.test && slices.ContainsFunc(testLibraries, hasPrefix) {
		return true
	}
	for _, l := range libraries {
		if hasPrefix(l.module) && (l.users[0] == "..." || s.within(l.users...)) {
			return true
		}
	}
	return false
}

func TestLibraries(t *testing.T) {
	rule(unmeantLibraries).check(t, "a library stays behind the packages named in imports_test.go")
	rule(unmeantLibraries).control(t,
		[2]string{"batchsink/a.go", `package p; import _ "go.uber.org/zap"`},
		[2]string{"internal/app/a.go", `package p; import _ "go.uber.org/zap"`},
		[2]string{"batchsink/a_test.go", `package p; import _ "go.uber.org/goleak"`})
	rule(unmeantLibraries).control(t, [2]string{"internal/app/a.go", `package p; import _ "github.com/go-gst/go-gst/gst"`})
	rule(unmeantLibraries).control(t, [2]string{"frame/a_test.go", `package p; import _ "example.com/new"`})
}

// cgoUsers need a C library or a C compiler.
func cgoUsers(s *source) bool {
	return slices.ContainsFunc(s.imports, func(i string) bool {
		return i == "C" || strings.HasPrefix(i, "github.com/go-gst/") || strings.HasPrefix(i, "github.com/yalue/")
	})
}

func TestCgoStaysInTheGraph(t *testing.T) {
	outside := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			if slices.Contains(s.imports, "C") && !s.within("pipeline/gstgraph/...") {
				breaches = append(breaches, s.path+` has import "C"`)
			}
		}
		return breaches
	})
	outside.check(t, "our own cgo is in pipeline/gstgraph, small enough to be reviewed by eye")
	outside.control(t, [2]string{"internal/film/a.go", `package p; import "C"`}, [2]string{"pipeline/gstgraph/a.go", `package p; import "C"`})
}

// What must build without cgo: everything but the graph, inference and what
// joins them.
var pure = []string{"frame", "batchsink", "pipeline", "processors", "processors/motion", "internal/config", "internal/config/strict"}

// reachCgo finds a way from each pure package to one that needs cgo.
func reachCgo(all []*source) (breaches []string) {
	imports, cgo := map[string][]string{}, map[string]bool{}
	for _, s := range all {
		if s.test {
			continue
		}
		cgo[s.pkg] = cgo[s.pkg] || cgoUsers(s)
		for _, i := range s.imports {
			if to, ok := ours(i); ok {
				imports[s.pkg] = append(imports[s.pkg], to)
			}
		}
	}
	var visit func(pkg string, way []string) []string
	visit = func(pkg string, way []string) []string {
		if way = append(way, pkg); cgo[pkg] {
			return way
		}
		for _, to := range imports[pkg] {
			if slices.Contains(way, to) {
				continue
			}
			if found := visit(to, way); found != nil {
				return found
			}
		}
		return nil
	}
	for _, p := range pure {
		if way := visit(p, nil); way != nil {
			breaches = append(breaches, strings.Join(way, " → ")+", which needs cgo")
		}
	}
	return breaches
}

func TestPurePackages(t *testing.T) {
	rule(reachCgo).check(t, "these packages build, test and race-check without GStreamer and ONNX Runtime")
	rule(reachCgo).control(t, [2]string{"pipeline/a.go", `package p; import _ "github.com/go-gst/go-gst/gst"`})
}

func TestNobodyImportsCommands(t *testing.T) {
	commands := rule(func(all []*source) (breaches []string) {
		for _, s := range all {
			for _, i := range s.imports {
				if to, ok := ours(i); ok && strings.HasPrefix(to, "cmd/") && !s.within("cmd/...") {
					breaches = append(breaches, s.path+" imports "+to)
				}
			}
		}
		return breaches
	})
	commands.check(t, "cmd turns flags and signals into values; what others need belongs in internal")
	commands.control(t, [2]string{"internal/demo/a_test.go", `package p; import _ "` + module + `/cmd/nvpipe"`})
}
