package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

// A camera's password, in whatever way it is given, shows up nowhere: not in the
// program's output with GStreamer talking at its loudest about RTSP, not in
// graph dumps, metrics, events or the command line.
func TestAPasswordIsShownNowhere(t *testing.T) {
	const user, password = "admin", `C4n@ry:/%#9`
	encoded := url.QueryEscape(password)
	basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	for name, source := range map[string]func(address string) string{
		"in the URL": func(a string) string {
			return fmt.Sprintf("url: \"rtsp://%s:%s@%s/stream\"", user, encoded, a)
		},
		"as a field": func(a string) string {
			return fmt.Sprintf("source: {rtsp: {url: \"rtsp://%s/stream\", user: %s, password: %q}}", a, user, password)
		},
		"from the environment": func(a string) string {
			return fmt.Sprintf("source: {rtsp: {url: \"rtsp://%s/stream\", user: %s, password: \"${CAMERA_PASSWORD}\"}}", a, user)
		},
		"in a file": func(a string) string {
			return fmt.Sprintf("source: {rtsp: {url: \"rtsp://%s/stream\", user: %s, password_file: %q}}", a, user, write(t, "password", password+"\n"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			camera := rtspcam.New(testclip.Small(), rtspcam.Options{User: user, Password: password})
			if err := camera.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(camera.Close)
			dir := t.TempDir()
			events := filepath.Join(dir, "events.jsonl")
			config := quiet + "log: {level: debug}\n" + fmt.Sprintf(`
processors: {motion: {type: motion}}
feeds:
  cam:
    %s
    processors: [motion]
    continuations: [{type: stream}, {type: events, path: %q, empty: true}]
`, source(camera.Address()), events)
			p := start(t, "nvpipe", []string{
				"CAMERA_PASSWORD=" + password, "GST_DEBUG=*:4,rtspsrc:7,rtsp*:7,default:7", "GST_DEBUG_NO_COLOR=1", "GST_DEBUG_DUMP_DOT_DIR=" + dir,
			}, "run", write(t, "c.yaml", config))
			p.says(`live  {"feed": "cam"`)
			page := ""
			p.await("metrics", func() bool { page = metricsOf(p); return page != "" })
			camera.DropConnections()
			p.says("backing_off")
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
			if code := p.end(10 * time.Second); code != exitFine {
				t.Errorf("exit code %d", code)
			}
			lines, _ := os.ReadFile(events)
			if len(lines) == 0 {
				t.Error("there are no events to look at")
			}
			for where, text := range map[string]string{
				"output": p.output(), "metrics": page, "command line": string(line), "events": string(lines),
			} {
				for _, form := range []string{password, encoded, url.PathEscape(password), basic, "C4n"} {
					if i := strings.Index(text, form); i >= 0 {
						t.Errorf("%s: %.200q", where, text[max(0, i-100):])
						break
					}
				}
			}
			if dumps, _ := filepath.Glob(filepath.Join(dir, "*.dot")); len(dumps) > 0 {
				t.Errorf("there are graph dumps: %v", dumps)
			}
			if !strings.Contains(p.output(), "rtspsrc") {
				t.Error("GStreamer said nothing about RTSP: the test looks at nothing")
			}
		})
	}
}
