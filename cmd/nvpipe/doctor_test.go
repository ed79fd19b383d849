package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/doctor"
)

// examined runs the doctor and returns its report.
func examined(t *testing.T, env []string, want int, args ...string) doctor.Report {
	t.Helper()
	p := start(t, "nvpipe", env, append([]string{"doctor", "--json"}, args...)...)
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("exit code %d, want %d:\n%s", code, want, p.output())
	}
	var r doctor.Report
	if err := json.Unmarshal([]byte(p.output()), &r); err != nil {
		t.Fatalf("%v:\n%s", err, p.output())
	}
	return r
}

func level(r doctor.Report, name string) doctor.Level {
	for _, f := range r.Findings {
		if f.Name == name {
			return f.Level
		}
	}
	return ""
}

func TestDoctorOnThisMachine(t *testing.T) {
	r := examined(t, []string{"DISPLAY=", "HOME=" + t.TempDir()}, exitFine)
	if !r.OK || level(r, "version") != doctor.OK || level(r, "decode H.264") != doctor.OK {
		t.Errorf("%+v", r)
	}
	p := start(t, "nvpipe", nil, "doctor")
	p.says("  ok       version")
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != exitFine {
		t.Errorf("exit code %d as text:\n%s", code, p.output())
	}
}

// Without its plugins there is nothing that GStreamer can do, and without a
// library no model runs: both are said, with what to do.
func TestDoctorWhereEverythingIsMissing(t *testing.T) {
	nothing := t.TempDir()
	env := []string{
		"GST_PLUGIN_PATH=" + nothing, "GST_PLUGIN_SYSTEM_PATH=" + nothing, "GST_PLUGIN_SYSTEM_PATH_1_0=" + nothing,
		"GST_REGISTRY=" + filepath.Join(nothing, "registry.bin"), "NVPIPE_ONNXRUNTIME=" + filepath.Join(nothing, "none.so"),
	}
	r := examined(t, env, exitFailed)
	if r.OK || level(r, "RTSP cameras") != doctor.Missing || level(r, "decode H.264") != doctor.Missing || level(r, "library") != doctor.Warning {
		t.Errorf("%+v", r)
	}
	for _, f := range r.Findings {
		if f.Level == doctor.Missing && !strings.Contains(f.Mend, "apt-get install") {
			t.Errorf("%+v has nothing to install", f)
		}
	}
}

func TestDoctorLooksAtAConfig(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	films := t.TempDir()
	config := write(t, "c.yaml", fmt.Sprintf(`version: 1
metrics: {listen: %q}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}}
feeds: {a: {source: {test: {pattern: ball}}, processors: [motion], continuations: [{type: file, dir: %q}]}}
`, taken.Addr(), films))
	r := examined(t, nil, exitFine, "--config", config)
	if level(r, "file") != doctor.OK || level(r, "metrics") != doctor.Warning || level(r, "RTSP streams") != doctor.OK || level(r, "films of a") == "" {
		t.Errorf("%+v", r)
	}
	wrong := write(t, "wrong.yaml", "version: 7\n")
	if r := examined(t, nil, exitFailed, "--config", wrong); level(r, "file") != doctor.Missing {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(films); err != nil || len(left) != 0 {
		t.Errorf("it has left %v, %v", left, err)
	}
}
