package doctor

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/config/builtin"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestWhatTheKernelSays(t *testing.T) {
	fsys := tree(map[string]string{
		"proc/cpuinfo":                               "processor\t: 0\nmodel name\t: Some CPU @ 3GHz\nflags\t\t: fpu sse avx avx2 fma avx512_vnni\n",
		"proc/meminfo":                               "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\nbroken\nHugePages_Total: x\n",
		"proc/self/cgroup":                           "0::/a/b\n",
		"sys/fs/cgroup/a/memory.max":                 "1048576\n",
		"sys/fs/cgroup/a/b/memory.max":               "max\n",
		"sys/fs/cgroup/pids.max":                     "500\n",
		"sys/fs/cgroup/a/b/pids.max":                 "400\n",
		"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
	})
	if model, features := cpuInfo(fsys); model != "Some CPU @ 3GHz" || !slices.Equal(features, []string{"avx", "avx2", "fma", "avx512_vnni"}) {
		t.Errorf("%q, %v", model, features)
	}
	if m := memoryOf(fsys); m != (Memory{Total: 2 << 20, Available: 1 << 20, Limit: 1 << 20}) {
		t.Errorf("%+v", m)
	}
	if n := cgroupLimit(fsys, "pids.max"); n != 400 {
		t.Errorf("%d tasks, want the least of the groups", n)
	}
	for name, fsys := range map[string]fstest.MapFS{
		"nothing":  tree(nil),
		"nonsense": tree(map[string]string{"proc/cpuinfo": "::\n\x00", "proc/meminfo": "MemTotal:", "proc/self/cgroup": "0::/../..\nx"}),
		"dots":     tree(map[string]string{"proc/self/cgroup": "0::/../other\n", "sys/fs/cgroup/memory.max": "x"}),
	} {
		model, features := cpuInfo(fsys)
		if m := memoryOf(fsys); model != "" || len(features) > 0 || m != (Memory{}) || cgroupLimit(fsys, "pids.max") != 0 {
			t.Errorf("%s: %q, %v, %+v", name, model, features, m)
		}
	}
}

func noRuntime(string, ...string) (onnx.Runtime, error) { return onnx.Runtime{}, errors.New("none") }

// A provider whose driver is missing may end the process that tries it.
func TestAProviderThatCrashesIsFound(t *testing.T) {
	calls := 0
	probe := func(library string, names ...string) (onnx.Runtime, error) {
		calls++
		if len(names) != 1 || names[0] == "qnn" {
			return onnx.Runtime{}, &Crash{"no driver"}
		}
		return onnx.Runtime{Library: library, Version: "1", Providers: []onnx.Capability{{Provider: names[0]}}}, nil
	}
	r := runtimeOf(probe, "/lib")
	if r.Err != nil || r.Library != "/lib" || len(r.Providers) != len(onnx.Providers()) || calls != len(r.Providers)+1 {
		t.Fatalf("%+v after %d calls", r, calls)
	}
	for _, p := range r.Providers {
		if (p.Refusal != "") != (p.Provider == "qnn") {
			t.Errorf("%+v", p)
		}
	}
	always := func(string, ...string) (onnx.Runtime, error) { return onnx.Runtime{}, &Crash{"no driver"} }
	if r := runtimeOf(always, ""); r.Err == nil {
		t.Errorf("%+v of a library that always crashes", r)
	}
	if r := runtimeOf(noRuntime, ""); r.Err == nil || r.Providers != nil {
		t.Errorf("%+v without a library", r)
	}
}

func TestThisMachine(t *testing.T) {
	f := Gather(Options{Probe: noRuntime})
	if f.GStreamer == "" || len(f.Jobs) == 0 || f.CPU.Cores < 1 || f.CPU.Threads < 1 || f.Memory.Total == 0 || f.Config != nil || f.Runtime.Err == nil {
		t.Errorf("%+v", f)
	}
	if len(Examine(f).Findings) < 10 {
		t.Error("little is said")
	}
}

func TestAConfigsPlaces(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	text := `version: 1
metrics: {listen: "` + taken.Addr().String() + `"}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}}
feeds:
  a:
    source: {test: {pattern: ball}}
    processors: [motion]
    continuations: [{type: file, dir: "films"}, {type: events, path: "a.jsonl"}, {type: stream}]
  b:
    source: {test: {pattern: ball}}
    processors: [motion]
    continuations: [{type: file, dir: "films"}]
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Gather(Options{Config: path, Types: builtin.Processors(), Probe: noRuntime}).Config
	if !f.Check.OK || f.Feeds != 2 || f.NeedsONNX {
		t.Errorf("%+v", f)
	}
	if len(f.Ports) != 2 || f.Ports[0].Err == nil || !strings.Contains(f.Ports[0].Err.Error(), "metrics.listen") || f.Ports[1].Err != nil {
		t.Errorf("ports %+v", f.Ports)
	}
	if len(f.Folders) != 2 || f.Folders[0].Path != filepath.Join(dir, "films") || f.Folders[1].Path != dir {
		t.Fatalf("folders %+v", f.Folders)
	}
	for _, d := range f.Folders {
		if d.Err != nil || d.Free == 0 || d.Floor == 0 || d.Wants == 0 {
			t.Errorf("%+v", d)
		}
	}
	wrong := Gather(Options{Config: filepath.Join(dir, "none.yaml"), Types: config.Registry{}, Probe: noRuntime}).Config
	if len(wrong.Check.Mistakes) == 0 || wrong.Ports != nil {
		t.Errorf("a file that is not there: %+v", wrong)
	}
}
