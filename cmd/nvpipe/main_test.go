package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

// asProgram makes the test binary behave as nvpipe, so that the tests meet it
// as its users do: as a process.
const asProgram = "NVPIPE_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "nvpipe":
		main()
	case "hung":
		hung()
	}
	os.Exit(m.Run())
}

// hung is a program whose stop never ends.
func hung() {
	ctx, _ := untilSignal(os.Stderr)
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("stopping")
	select {}
}

// process is a running nvpipe.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func start(t *testing.T, as string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), asProgram+"="+as), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// await waits for a condition; 30 s is three times the longest bound promised.
func (p *process) await(what string, is func() bool) {
	p.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for !is() {
		select {
		case <-ticker.C:
		case <-p.done:
			if !is() {
				p.t.Fatalf("ended before %s:\n%s", what, p.output())
			}
			return
		case <-deadline:
			p.t.Fatalf("not in time: %s:\n%s", what, p.output())
		}
	}
}

func (p *process) says(text string) {
	p.t.Helper()
	p.await("it says "+text, func() bool { return strings.Contains(p.output(), text) })
}

// end sends SIGTERM and returns the exit code; ending must not take longer than
// promised.
func (p *process) end(within time.Duration) int {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(3 * within):
		p.t.Fatalf("still there %v after SIGTERM:\n%s", 3*within, p.output())
	}
	if took := time.Since(began); took > within {
		p.t.Errorf("took %v to end, %v are promised", took, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// quiet are the sections that keep a test's ports apart from others'.
const quiet = "version: 1\nmetrics: {listen: \"127.0.0.1:0\"}\nrtsp: {listen: \"127.0.0.1:0\"}\n"

func TestACameraThatIsOffHoldsNobodyUp(t *testing.T) {
	dir := t.TempDir()
	camera := rtspcam.New(testclip.Small(), rtspcam.Options{})
	if err := camera.Start(); err != nil {
		t.Fatal(err)
	}
	defer camera.Close()
	camera.Stop()
	events := filepath.Join(dir, "events.jsonl")
	p := start(t, "nvpipe", nil, "run", write(t, "c.yaml", quiet+fmt.Sprintf(`
processors: {motion: {type: motion}}
defaults: {processors: [motion]}
feeds:
  late: {url: %q}
  there:
    source: {test: {pattern: ball, fps: 20}}
    continuations:
    - {type: events, path: %q}
    - {type: file, dir: %q}
`, camera.URL(), events, filepath.Join(dir, "films"))))
	p.says("unreachable")
	p.await("events of the other feed", func() bool {
		data, _ := os.ReadFile(events)
		return bytes.Count(data, []byte("\n")) > 20
	})
	if err := camera.Start(); err != nil {
		t.Fatal(err)
	}
	p.await("the late camera live", func() bool {
		return strings.Contains(p.output(), `live  {"feed": "late"`)
	})
	if code := p.end(10 * time.Second); code != exitFine {
		t.Errorf("exit code %d:\n%s", code, p.output())
	}
	films, _ := filepath.Glob(filepath.Join(dir, "films", "there-*.mp4"))
	if len(films) != 1 {
		t.Errorf("films: %v", films)
	}
	if strings.Contains(p.output(), "ERROR") {
		t.Errorf("errors:\n%s", p.output())
	}
}

func TestASecondSignalEndsItWithinASecond(t *testing.T) {
	p := start(t, "hung", nil)
	p.says("ready")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.says("stopping")
	if code := p.end(time.Second); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}

// Everything that can be wrong from outside gives one clear error that names
// the thing, and the other feed goes on.
func TestBadSurroundingsTakeNothingElseDown(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // The subtests outlive this function.
	locked := rtspcam.New(testclip.Small(), rtspcam.Options{User: "viewer", Password: "right"})
	if err := locked.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(locked.Close)
	noModel := write(t, "noise.onnx", strings.Repeat("this is no model ", 100))
	file := write(t, "file", "")
	const ball = "  good: {source: {test: {pattern: ball, fps: 20}}, processors: [motion]}\n"
	const motion = "  motion: {type: motion}\n"
	for name, c := range map[string]struct {
		config string
		names  []string
	}{
		"unreachable camera": {quiet + "processors:\n" + motion + "feeds:\n" + ball + "  bad: {url: \"rtsp://127.0.0.1:1/x\"}\n",
			[]string{"unreachable", `"bad"`}},
		"wrong password": {quiet + "processors:\n" + motion + "feeds:\n" + ball +
			fmt.Sprintf("  bad: {source: {rtsp: {url: %q, user: viewer, password: wr0ng}}}\n", locked.URL()),
			[]string{"auth_failed", `"bad"`}},
		"missing model": {quiet + "processors:\n" + motion + "  det: {type: onnx, model: nowhere.onnx}\nfeeds:\n" + ball +
			"  bad: {source: {test: {pattern: snow}}, processors: [det]}\n",
			[]string{"nowhere.onnx", `"det"`}},
		"no detector": {quiet + "processors:\n" + motion + fmt.Sprintf("  det: {type: onnx, model: %q}\nfeeds:\n", noModel) + ball +
			"  bad: {source: {test: {pattern: snow}}, processors: [det]}\n",
			[]string{"noise.onnx", `"det"`}},
		"unwritable events": {quiet + "processors:\n" + motion + "feeds:\n" + ball +
			fmt.Sprintf("  bad: {source: {test: {pattern: ball}}, processors: [motion], continuations: [{type: events, path: %q}]}\n", file+"/events"),
			[]string{"event file cannot be written", file}},
		"port in use": {fmt.Sprintf("version: 1\nmetrics: {listen: \"127.0.0.1:0\"}\nrtsp: {listen: %q}\nprocessors:\n", taken.Addr()) + motion + "feeds:\n" + ball,
			[]string{taken.Addr().String(), "end the program that has the port"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "nvpipe", nil, "run", write(t, "c.yaml", c.config))
			for _, text := range c.names {
				p.says(text)
			}
			p.await("the good feed's results", func() bool { return delivered(p, "good") > 10 })
			if code := p.end(10 * time.Second); code != exitFine {
				t.Errorf("exit code %d:\n%s", code, p.output())
			}
			if strings.Contains(p.output(), "wr0ng") {
				t.Error("the password is shown")
			}
		})
	}
}

// delivered is a feed's results so far, as its metrics say.
func delivered(p *process, feed string) (n float64) {
	page := metricsOf(p)
	prefix := fmt.Sprintf("nvpipe_feed_frames_total{feed=%q,outcome=\"delivered\",processor=\"motion\"} ", feed)
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, prefix); ok {
			fmt.Sscan(value, &n)
		}
	}
	return n
}

func metricsOf(p *process) string {
	_, rest, ok := strings.Cut(p.output(), `metrics are served  {"at": "`)
	url, _, whole := strings.Cut(rest, `"`)
	if !ok || !whole {
		return ""
	}
	r, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	page, _ := io.ReadAll(r.Body)
	return string(page)
}

func TestConfigMistakesExitWithTwo(t *testing.T) {
	huge := write(t, "huge.yaml", "version: 1\n"+strings.Repeat("# much too much\n", 50<<20/16))
	for name, c := range map[string]struct {
		path, says string
	}{
		"missing":   {"/nonexistent/c.yaml", "/nonexistent/c.yaml"},
		"directory": {t.TempDir(), "directory"},
		"empty":     {write(t, "empty.yaml", ""), "empty"},
		"50 MB":     {huge, "huge.yaml"},
		"mistakes":  {write(t, "m.yaml", "version: 1\nfeedz: {}\nfeeds: {a: {url: \"http://x\"}}\n"), "feeds.a.url"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"run", "check"} {
				p := start(t, "nvpipe", nil, verb, c.path)
				<-p.done
				if code := p.cmd.ProcessState.ExitCode(); code != exitUsage || !strings.Contains(p.output(), c.says) {
					t.Errorf("%s: exit code %d:\n%.500s", verb, code, p.output())
				}
			}
		})
	}
}

func TestWrongUsageExitsWithTwo(t *testing.T) {
	for _, args := range [][]string{{}, {"walk"}, {"run"}, {"run", "a", "b"}, {"check", "--nope", "a"}, {"demo", "--cameras", "99"}, {"demo", "--processor", "magic"}, {"demo", "--faults", "flood"}, {"demo", "--faults", "stall", "--for", "30s"}} {
		var out, errs bytes.Buffer
		if code := dispatch(args, &out, &errs); code != exitUsage || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, says %q", args, code, errs.String())
		}
	}
}
