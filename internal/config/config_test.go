package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
)

// write makes a config file and returns its path.
func write(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nvpipe.yaml")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := Load(write(t, 0o600, text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const good = `
version: 1
log: {level: debug}
metrics: {listen: 0.0.0.0:9464, token: "${TOKEN}"}
processors:
  moving:
    type: motion
    sensitivity: 0.7
    batch: {max_batch_size: 8, trace: batches.trace}
  people: {type: detector, model: models/people.onnx}
  faces: {type: detector, model: models/faces.onnx}
defaults:
  hold: 100ms
  source: {rtsp: {transport: udp, latency: 300ms}}
  processors: [moving]
  continuations: [{type: stream}]
feeds:
  door:
    url: rtsp://admin:${PASSWORD}@10.0.0.1:554/stream1
    hold: 0s
  yard:
    source: {rtsp: {url: "rtsp://10.0.0.2/", user: u, password: "${PASSWORD}", transport: tcp}}
    processors: [{name: people, fps: 5, weight: 2}, moving, {name: faces, crops: {of: people, classes: [person], most: 3}}]
    continuations:
    - {type: events, path: events.jsonl}
    - {type: file, dir: /films, rotation: {keep: 3}}
  loop: {source: {film: {path: films/a.mp4, loop: true}}}
  test: {source: {test: {pattern: ball}}, continuations: [{type: events, path: "-"}]}
`

func TestLoad(t *testing.T) {
	cfg := mustLoad(t, good)
	dir := filepath.Dir(cfg.File)
	check := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	check("level", cfg.Log.Level, "debug")
	check("token", cfg.Metrics.Token.Reveal(), "0123456789abcdef0123")
	check("processors", len(cfg.Processors), 3)
	check("batch size", cfg.Processors[0].Batch.MaxBatchSize, 8)
	check("trace", cfg.Processors[0].Batch.Trace, filepath.Join(dir, "batches.trace"))
	check("model", cfg.Processors[1].Settings.(*detector).Model, filepath.Join(dir, "models/people.onnx"))
	if len(cfg.Feeds) != 4 {
		t.Fatalf("%d feeds", len(cfg.Feeds))
	}
	door, yard, loop, test := cfg.Feeds[0], cfg.Feeds[1], cfg.Feeds[2], cfg.Feeds[3]
	check("door's URL", door.Source.RTSP.URL, "rtsp://10.0.0.1:554/stream1")
	check("door's user", door.Source.RTSP.User, "admin")
	check("door's password", door.Source.RTSP.Password.Reveal(), "hunter2/@:%")
	check("door's transport", door.Source.RTSP.Transport, "udp")
	check("door's hold", door.Config.Hold, "0s")
	check("door's place", door.At.Line, 18)
	check("door's processors", door.Processors[0], named("moving"))
	check("door's continuation", door.Continuations[0].Type, Stream)
	check("yard's transport", yard.Source.RTSP.Transport, "tcp")
	check("yard's latency", yard.Source.RTSP.Latency, 300*time.Millisecond)
	check("yard's hold", yard.Config.Hold, 100*time.Millisecond)
	check("yard's rate", yard.Processors[0].FPS, 5)
	check("yard's crops", fmt.Sprintf("%+v", yard.Processors[2].Crops), "{Of:people Classes:[person] MinConfidence:0 MinSize:0 Margin:0.1 Most:3}")
	check("yard's continuations", len(yard.Continuations), 2)
	check("yard's events", yard.Continuations[0].Events.Path, filepath.Join(dir, "events.jsonl"))
	check("yard's films", yard.Continuations[1].Film.Dir, "/films")
	check("yard's films kept", yard.Continuations[1].Film.Rotation.Keep, 3)
	check("loop's film", loop.Source.Film.Path, filepath.Join(dir, "films/a.mp4"))
	check("test's kind", test.Source.Kind(), pipeline.SourceTest)
	check("test's events", test.Continuations[0].Events.Path, "-")
	check("warnings", len(cfg.Warnings), 0)
}

func named(name string) FeedProcessor {
	p := DefaultFeedProcessor()
	p.Name = name
	return p
}

func TestInheritedSourceGivesWay(t *testing.T) {
	cfg := mustLoad(t, `
version: 1
defaults: {source: {film: {path: a.mp4, loop: true}}, processors: [], continuations: [{type: stream}]}
feeds:
  inherits: {}
  camera: {url: rtsp://10.0.0.1/}
`)
	if k := cfg.Feeds[0].Source.Kind(); k != pipeline.SourceFilm {
		t.Errorf("a feed without a source has kind %v, want the inherited film", k)
	}
	if k := cfg.Feeds[1].Source.Kind(); k != pipeline.SourceRTSP {
		t.Errorf("a feed with a camera has kind %v", k)
	}
}

func TestInheritedCredentialsGiveWay(t *testing.T) {
	path := write(t, 0o600, `
version: 1
defaults: {source: {rtsp: {user: all, password: "${PASSWORD}"}}, continuations: [{type: stream}]}
feeds:
  inherits: {url: "rtsp://10.0.0.1/"}
  own_url: {url: "rtsp://one:secret@10.0.0.2/"}
  own_password: {url: "rtsp://10.0.0.3/", source: {rtsp: {password: other}}}
  own_file: {url: "rtsp://10.0.0.4/", source: {rtsp: {password_file: pw}}}
  film: {source: {film: {path: a.mp4}}}
`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "pw"), []byte("filed"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"all hunter2/@:%", "one secret", "all other", "all filed"} {
		source, err := cfg.Feeds[i].Source.Resolve()
		if got := source.RTSP.User + " " + source.RTSP.Password.Reveal(); err != nil || got != want {
			t.Errorf("feed %s logs in as %q, want %q (%v)", cfg.Feeds[i].ID, got, want, err)
		}
	}
}

func TestFeedsAreIndependentOfEachOther(t *testing.T) {
	cfg := mustLoad(t, good)
	cfg.Feeds[0].Continuations[0].Type = "changed"
	cfg.Feeds[0].Processors[0].Name = "changed"
	if again := mustLoad(t, good); !again.Feeds[2].Equal(withDir(again, cfg.Feeds[2], cfg)) {
		t.Error("a change to one feed's lists changed another's")
	}
}

// withDir moves a feed's film from one temporary folder to another's.
func withDir(to *Config, f Feed, from *Config) Feed {
	f.Source.Film.Path = strings.Replace(f.Source.Film.Path, filepath.Dir(from.File), filepath.Dir(to.File), 1)
	return f
}

func TestEqual(t *testing.T) {
	path := write(t, 0o600, good)
	load := func() *Config {
		cfg, err := Load(path, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	a, b := load(), load()
	if err := os.WriteFile(path, []byte("# moved down\n"+strings.Replace(good, "fps: 5", "fps: 6", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := load()
	for i := range a.Feeds {
		if !a.Feeds[i].Equal(b.Feeds[i]) {
			t.Errorf("%v differs from itself", a.Feeds[i])
		}
		if changed := string(a.Feeds[i].ID) == "yard"; a.Feeds[i].Equal(c.Feeds[i]) == changed {
			t.Errorf("%v: changed %v, but Equal says otherwise", a.Feeds[i], changed)
		}
	}
	p := b.Feeds[1]
	p.Source.RTSP.Password = secret.New("another")
	if a.Feeds[1].Equal(p) {
		t.Error("another password is no difference")
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	cfg := mustLoad(t, strings.ReplaceAll(good, "10.0.0.2/", "10.0.0.2/?pwd=canary-in-query"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, *cfg, cfg.Feeds, cfg.Feeds[0], &cfg.Feeds[1]} {
			out := fmt.Sprintf(verb, v)
			for _, bad := range []string{"hunter2", "0123456789abcdef0123", "canary", fmt.Sprintf("%x", "hunter2"), "stream1"} {
				if strings.Contains(out, bad) {
					t.Errorf("%s of %T shows %q: %s", verb, v, bad, out)
				}
			}
		}
	}
}

func TestLiteralPasswords(t *testing.T) {
	const url = "version: 1\nfeeds: {door: {url: \"rtsp://admin:hunter2@10.0.0.1/\"}}\n"
	const key = "version: 1\nfeeds: {door: {source: {rtsp: {url: \"rtsp://10.0.0.1/\", user: u, password: hunter2}}}}\n"
	const inherited = "version: 1\ndefaults: {source: {rtsp: {user: u, password: hunter2}}}\nfeeds: {door: {url: \"rtsp://10.0.0.1/\"}}\n"
	const none = "version: 1\nfeeds: {door: {url: \"rtsp://admin:${PASSWORD}@10.0.0.1/\"}}\n"
	for text, column := range map[string]string{url: ":2:21: ", key: ":2:76: ", inherited: ":2:47: ", none: ""} {
		for mode, readable := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true} {
			path := write(t, mode, text)
			_, err := Load(path, testOptions())
			if refused := err != nil; refused != (readable && column != "") {
				t.Errorf("mode %04o: %q: %v", mode, text, err)
			} else if refused {
				if got := err.Error(); !strings.HasPrefix(got, path+column) || !strings.Contains(got, "refused for safety") ||
					!strings.Contains(got, "chmod 600") || strings.Contains(got, "hunter2") {
					t.Errorf("the refusal reads: %s", got)
				}
			}
		}
	}
}

func TestPasswordFiles(t *testing.T) {
	path := write(t, 0o644, "version: 1\nmetrics: {token_file: token}\nfeeds: {door: {source: {rtsp: {url: rtsp://10.0.0.1/, user: u, password_file: pw}}}}\n")
	dir := filepath.Dir(path)
	for name, text := range map[string]string{"token": "0123456789abcdef\n", "pw": "pass word\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Load(path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Metrics.Token.Reveal(); got != "0123456789abcdef" {
		t.Errorf("token %q", got)
	}
	if got, err := cfg.Feeds[0].Source.Resolve(); err != nil || got.RTSP.Password.Reveal() != "pass word" {
		t.Errorf("resolved to %q, %v", got.RTSP.Password.Reveal(), err)
	}
}

func TestWarnings(t *testing.T) {
	cfg := mustLoad(t, `version: 1
processors:
  moving: {type: motion, batch: {max_batch_size: 4, queue_capacity: 4}}
  unused: {type: motion}
defaults: {source: {rtsp: {url: rtsp://10.0.0.9/}}}
feeds:
  a: {url: "rtsp://u:${PASSWORD}@10.0.0.1/s", processors: [moving]}
  b: {url: "rtsp://10.0.0.1/s", processors: [{name: moving, max_in_flight: 4}]}
  c: {url: rtsp://10.0.0.2/s}
`)
	want := []string{
		":3:69: processors.moving.batch.queue_capacity: ",
		":4:3: processors.unused: no feed uses this processor",
		":5:1: defaults: names a source",
		":8:3: feeds.b: opens the same camera address as feed \"a\"",
		":9:3: feeds.c: has no processors and no continuations",
	}
	if len(cfg.Warnings) != len(want) {
		t.Fatalf("%d warnings, want %d: %v", len(cfg.Warnings), len(want), cfg.Warnings)
	}
	for i, w := range want {
		if got := cfg.Warnings[i].Error(); !strings.Contains(got, w) {
			t.Errorf("warning %d: %s, want …%s…", i, got, w)
		}
	}
}

// A frame is as many entries as it may have crops.
func TestQueueTooShortForCrops(t *testing.T) {
	for capacity, warnings := range map[int]int{15: 1, 16: 0} {
		cfg := mustLoad(t, fmt.Sprintf(`version: 1
processors:
  people: {type: detector, model: people.onnx}
  faces: {type: detector, model: faces.onnx, batch: {queue_capacity: %d}}
feeds:
  a: {url: "rtsp://10.0.0.1/", processors: [people, {name: faces, crops: {of: people}}]}
  b: {url: "rtsp://10.0.0.2/", processors: [people, {name: faces, max_in_flight: 2, crops: {of: people, most: 4}}]}
`, capacity))
		if len(cfg.Warnings) != warnings {
			t.Errorf("capacity %d: %v", capacity, cfg.Warnings)
		}
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, bytes.Repeat([]byte("feeds: {}\n"), 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "is a directory", big: "is larger than 1 MiB", filepath.Join(dir, "no"): "does not exist"} {
		for _, err := range []error{func() error { _, err := Load(path, testOptions()); return err }(), Mistakes(Check(path, testOptions()).Mistakes)} {
			if err == nil || !strings.Contains(err.Error(), path+":1:1: "+want) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestTooManyReasonsAreCutShort(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nfeeds:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  ../cam%d: {}\n", i)
	}
	_, err := Load(write(t, 0o600, b.String()), testOptions())
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 21 || lines[20] != "… and 80 more" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestCheck(t *testing.T) {
	path := write(t, 0o600, `version: 1
processors: {people: {type: detector, model: people.onnx}, other: {type: detector, model: folder}}
defaults: {processors: [people]}
feeds:
  film: {source: {film: {path: a.mp4}}, continuations: [{type: events, path: no/such/e.jsonl}]}
  good: {source: {film: {path: b.mp4}}, continuations: [{type: events, path: new/e.jsonl}, {type: file, dir: films}]}
  file: {source: {film: {path: b.mp4}}, continuations: [{type: file, dir: b.mp4}]}
`)
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.mp4"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := Check(path, testOptions())
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	want := `P/nvpipe.yaml:2:46: processors.people.model: the file P/people.onnx does not exist; relative paths start at the folder of the config file
P/nvpipe.yaml:2:91: processors.other.model: P/folder is not a regular file
P/nvpipe.yaml:5:32: feeds.film.source.film.path: the file P/a.mp4 does not exist; relative paths start at the folder of the config file
P/nvpipe.yaml:5:78: feeds.film.continuations[0].path: the folder P/no does not exist; make it, or mount its disk
P/nvpipe.yaml:7:75: feeds.file.continuations[0].dir: P/b.mp4 is a file, not a folder
P/nvpipe.yaml:2:60: processors.other: no feed uses this processor; it is not started (warning)
P/nvpipe.yaml: 5 mistakes to correct
`
	if got := strings.ReplaceAll(out.String(), dir, "P"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	out.Reset()
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var object struct {
		OK       bool
		Feeds    int
		Mistakes []struct {
			File, Key, Problem string
			Line, Column       int
		}
		Warnings []any
	}
	if err := json.Unmarshal(out.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	if m := object.Mistakes; object.OK || object.Feeds != 3 || len(m) != 5 || m[0].Line != 2 || m[0].Key != "processors.people.model" || len(object.Warnings) != 1 {
		t.Errorf("JSON: %s", out.Bytes())
	}
}

func TestCheckOfAGoodFile(t *testing.T) {
	r := Check(write(t, 0o600, "version: 1\nfeeds: {t: {source: {test: {pattern: ball}}, continuations: [{type: stream}]}}\n"), testOptions())
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil || !r.OK {
		t.Errorf("%v, %+v", err, r)
	}
	if want := r.File + ": fine: 0 processors, 1 feed\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	if err := r.WriteJSON(&out); err != nil || !strings.Contains(out.String(), `"mistakes": []`) {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestErrorIsMistakes(t *testing.T) {
	_, err := Load(write(t, 0o600, "version: 3\n"), testOptions())
	var m Mistakes
	if !errors.As(err, &m) || len(m) != 2 {
		t.Errorf("%T: %v", err, err)
	}
}
