package strict

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/internal/units"
)

type inner struct {
	Host string `yaml:"host"`
	Port uint16 `yaml:"port"`
}

type base struct {
	Shared string `yaml:"shared"`
}

type everything struct {
	base    `yaml:"-"`
	Base    base              `yaml:",inline"`
	Text    string            `yaml:"text"`
	On      bool              `yaml:"on"`
	Count   int               `yaml:"count"`
	Small   int8              `yaml:"small"`
	Rate    float64           `yaml:"rate"`
	Wait    time.Duration     `yaml:"wait"`
	Size    units.Bytes       `yaml:"size"`
	Secret  secret.Secret     `yaml:"password"`
	Names   []string          `yaml:"names"`
	Corner  [2]float64        `yaml:"corner"`
	Servers []inner           `yaml:"servers"`
	ByName  map[string]inner  `yaml:"by_name"`
	Labels  map[string]string `yaml:"labels"`
	Maybe   *inner            `yaml:"maybe"`
	Number  *int              `yaml:"number"`
	Hidden  string            `yaml:"-"`
	Untag   string
}

func defaults() everything {
	return everything{Text: "default", Count: 7, Names: []string{"a", "b"},
		ByName: map[string]inner{"x": {"xhost", 1}}, Maybe: &inner{"old", 9}, Wait: time.Second}
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

var options = Options{
	LookupEnv: env("PORT", "8554", "PW", "hunter2", "EMPTY", "", "BIG", strings.Repeat("x", 600<<10)),
	Defaults:  []any{func() inner { return inner{Host: "localhost", Port: 80} }},
}

func decode(text string) (everything, error) {
	d := Parse("f.yaml", []byte(text), options)
	v := defaults()
	d.Root().Decode(&v)
	return v, d.Err()
}

func TestDecodeOverDefaults(t *testing.T) {
	old := defaults()
	for text, change := range map[string]func(*everything){
		"count: 8":                            func(v *everything) { v.Count = 8 },
		"text: 1.0":                           func(v *everything) { v.Text = "1.0" },
		"text: yes":                           func(v *everything) { v.Text = "yes" },
		"text: \"\"":                          func(v *everything) { v.Text = "" },
		"on: true\nrate: 2\nwait: 50ms":       func(v *everything) { v.On, v.Rate, v.Wait = true, 2, 50*time.Millisecond },
		"size: 2GB":                           func(v *everything) { v.Size = 2e9 },
		"shared: s":                           func(v *everything) { v.Base.Shared = "s" },
		"names: [c]":                          func(v *everything) { v.Names = []string{"c"} },
		"names:":                              func(v *everything) { v.Names = nil },
		"names: []":                           func(v *everything) { v.Names = nil },
		"corner: [0.5, 1]":                    func(v *everything) { v.Corner = [2]float64{.5, 1} },
		"servers: [{port: 1}, {host: h}]":     func(v *everything) { v.Servers = []inner{{"localhost", 1}, {"h", 80}} },
		"by_name: {x: {port: 2}, y: {}}":      func(v *everything) { v.ByName = map[string]inner{"x": {"xhost", 2}, "y": {"localhost", 80}} },
		"by_name:":                            func(v *everything) {},
		"maybe: {port: 10}":                   func(v *everything) { v.Maybe = &inner{"old", 10} },
		"number: 3":                           func(v *everything) { v.Number = new(int); *v.Number = 3 },
		"password: 0123":                      func(v *everything) { v.Secret = secret.New("0123") },
		"password: ${PW}":                     func(v *everything) { v.Secret = secret.New("hunter2") },
		"password: a$${PW}$$":                 func(v *everything) { v.Secret = secret.New("a${PW}$$") },
		"text: x${PORT}y${EMPTY}z":            func(v *everything) { v.Text = "x8554yz" },
		"count: ${PORT}":                      func(v *everything) { v.Count = 8554 },
		"count: \"${PORT}\"":                  func(v *everything) { v.Count = 8554 },
		"labels: &l {a: b}\nmaybe: {host: q}": func(v *everything) { v.Labels = map[string]string{"a": "b"}; v.Maybe = &inner{"q", 9} },
		"by_name:\n  b: &b {host: h, port: 5}\n  c:\n    <<: *b\n    port: 6": func(v *everything) {
			v.ByName["b"], v.ByName["c"] = inner{"h", 5}, inner{"h", 6}
		},
		"by_name:\n  b: &b {host: h}\n  c: &c {host: i, port: 7}\n  d: {<<: [*b, *c]}": func(v *everything) {
			v.ByName["b"], v.ByName["c"], v.ByName["d"] = inner{"h", 80}, inner{"i", 7}, inner{"h", 7}
		},
	} {
		want := defaults()
		change(&want)
		got, err := decode(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", text, got, want)
		}
	}
	if !reflect.DeepEqual(old, defaults()) {
		t.Error("the defaults were changed")
	}
}

func TestSharedDefaultsAreNotWrittenTo(t *testing.T) {
	shared := defaults()
	first := shared
	Parse("f", []byte("maybe: {port: 1}\nby_name: {x: {port: 3}}\nnames: [q, r]"), options).Root().Decode(&first)
	if !reflect.DeepEqual(shared, defaults()) {
		t.Errorf("decoding into a copy changed what it shares: %+v", shared)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"cuont: 8", `f.yaml:1:1: cuont: unknown key; did you mean "count"?`},
		{"Text: 8", `f.yaml:1:1: Text: unknown key; did you mean "text"?`},
		{"maybe:\n  zzz: 1", `f.yaml:2:3: maybe.zzz: unknown key; allowed here: host, port`},
		{"Untag: 8", `f.yaml:1:1: Untag: unknown key; allowed here: shared, text, on, count, small, rate, wait, size, password, password_file, names, corner, servers, by_name, labels, maybe, number`},
		{"count: five", `f.yaml:1:8: count: must be a whole number, is "five"`},
		{"count: 1.5", `f.yaml:1:8: count: must be a whole number, is "1.5"`},
		{"count: 0x10", `f.yaml:1:8: count: must be a whole number, is "0x10"`},
		{"count: \"5\"", `f.yaml:1:8: count: must be a whole number, is the text "5"; remove the quotes`},
		{"count: 99999999999999999999", `f.yaml:1:8: count: must be a whole number from -9223372036854775808 to 9223372036854775807, is "99999999999999999999"`},
		{"small: 128", `f.yaml:1:8: small: must be a whole number from -128 to 127, is "128"`},
		{"maybe: {port: -1}", `f.yaml:1:15: maybe.port: must be a whole number from 0 to 65535, is "-1"`},
		{"count:", `f.yaml:1:1: count: has no value; it must be a whole number (or remove the key)`},
		{"count: [1]", `f.yaml:1:1: count: must be a whole number, is a list`},
		{"on: yes", `f.yaml:1:5: on: must be true or false, is "yes"`},
		{"on: \"true\"", `f.yaml:1:5: on: must be true or false, is the text "true"; remove the quotes`},
		{"rate: .nan", `f.yaml:1:7: rate: must be a number, is ".nan"`},
		{"rate: NaN", `f.yaml:1:7: rate: must be a number, is "NaN"`},
		{"rate: 1e999", `f.yaml:1:7: rate: must be a number, is "1e999"`},
		{"wait: 5", `f.yaml:1:7: wait: must be a duration with its unit, such as 50ms, 5s or 2h, is "5"`},
		{"wait: 5 sec", `f.yaml:1:7: wait: must be a duration with its unit, such as 50ms, 5s or 2h, is "5 sec"`},
		{"size: 5 parsec", `f.yaml:1:7: size: must be a size such as 512MiB or 2GB, is "5 parsec"`},
		{"names: a", `f.yaml:1:8: names: must be a list (- item), is a single value`},
		{"names: [a, {b: c}]", `f.yaml:1:12: names[1]: must be a text, is a mapping`},
		{"corner: [1]", `f.yaml:1:1: corner: must be a list of 2 values, has 1`},
		{"servers: {a: 1}", `f.yaml:1:1: servers: must be a list (- item), is a mapping`},
		{"servers:\n- 5", `f.yaml:2:3: servers[0]: must be a mapping of keys and values, is a single value`},
		{"by_name: 5", `f.yaml:1:10: by_name: must be a mapping of names and values, is a single value`},
		{"by_name: {x: {prot: 3}}", `f.yaml:1:15: by_name.x.prot: unknown key; did you mean "port"?`},
		{"count: 1\ncount: 2", `f.yaml:2:1: count: this key stands here twice, first in line 1; remove one`},
		{"{a: 1}: 2", `f.yaml:1:1: "?": a key must be a plain name, is a mapping`},
		{"text: !!str 5", `f.yaml:1:7: text: YAML tags (!name) are not used here; remove it`},
		{"text: !x 5", `f.yaml:1:7: text: YAML tags (!name) are not used here; remove it`},
		{"<<: 5", `f.yaml:1:5: "<<": what is merged must be a mapping, is a single value`},
		{"- a", `f.yaml:1:1: must be a mapping of keys and values, is a list`},
		{"text: ${NO_SUCH}", `f.yaml:1:7: text: the environment variable NO_SUCH is not set`},
		{"text: ${NO SUCH}", `f.yaml:1:7: text: has ${ without a variable's name and }; write ${NAME}, or $${ for a plain ${`},
		{"text: ${BIG}${BIG}", `f.yaml:1:7: text: is larger than 1 MiB with its environment variables`},
		{"count: ${PW}", `f.yaml:1:8: count: must be a whole number, is what ${PW} holds`},
		{"size: ${PW}", `f.yaml:1:7: size: is not allowed here: what ${PW} holds`},
		{"password: [hunter2]", `f.yaml:1:1: password: must be a text, is a list`},
		{"password:", `f.yaml:1:1: password: has no value; it must be a text (or remove the key)`},
		{"count: rtsp://a:hunter2@h/p", `f.yaml:1:8: count: must be a whole number, is "rtsp://h/…"`},
		{"rtsp://a:hunter2@h/p: 5", `f.yaml:1:1: "rtsp://h/…": unknown key; allowed here: shared, text, on, count, small, rate, wait, size, password, password_file, names, corner, servers, by_name, labels, maybe, number`},
		{"password: x\npassword_file: nothere", `f.yaml:2:16: password_file: the file "nothere" does not exist` + "\n" + `f.yaml:2:16: password_file: password stands here too; give one of the two`},
		{"", "f.yaml:1:1: is empty; it needs at least version: 1"},
		{"# only\n# comments\n", "f.yaml:1:1: is empty; it needs at least version: 1"},
		{"---\n", "f.yaml:1:1: is empty; it needs at least version: 1"},
		{"text: a\n---\ntext: b\n", "f.yaml:2:1: a second document starts here (---); a config file is one document"},
		{"text: a\n  count: 5\n", "f.yaml:2:3: not valid YAML: a second ': ' in one line, or wrong indentation; put quotes around a text that has ': ' in it"},
		{"text: a\nmaybe:\n  host: h\n port: 5\ncount: 5\n", "f.yaml:4:2: not valid YAML: wrong indentation, or a key without ':'"},
		{"text: a\ncount: [1,\n  2\non: true\n", "f.yaml:2:1: not valid YAML: a bracket or brace is not closed, a comma is missing, or a text with one of {}[],? in it needs quotes"},
		{"text: a\nlabels: \"b\non: true\n", "f.yaml:2:1: not valid YAML: a quote, bracket or brace that starts here is never closed"},
		{"text: a\nnames: [1,\n  2]\ncount: 5\n\ton: true\n", "f.yaml:5:2: not valid YAML: a tab in the indentation; indent with spaces"},
		{"text: @a\n", "f.yaml:1:1: not valid YAML: a tab or a special character starts this value; indent with spaces, and put quotes around a text that starts with @, ` or %"},
		{"password: *hunter2\n", "f.yaml:1:1: not valid YAML: an alias (*name) without its anchor (&name); put quotes around a text that starts with *"},
		{"text: a\ncount: \xff", "f.yaml:2:8: is not UTF-8 text here; save the file as UTF-8"},
		{"text: \"é\x00\"", "f.yaml:1:9: has a control character here; remove it"},
	} {
		_, err := decode(c.text)
		if err == nil {
			t.Errorf("%q was accepted", c.text)
		} else if got := err.Error(); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.text, got, c.want)
		} else if strings.Contains(got, "hunter2") {
			t.Errorf("%q: shows the secret: %s", c.text, got)
		}
	}
}

func TestAllMistakesAtOnceInOrder(t *testing.T) {
	_, err := decode("on: 1\nmaybe:\n  port: x\n  hots: y\ncount: 1.5\nwait: 3\n")
	var all Mistakes
	if !errors.As(err, &all) || len(all) != 5 {
		t.Fatalf("want 5 mistakes, got %v", err)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Line < all[i-1].Line {
			t.Errorf("not in the file's order:\n%v", err)
		}
	}
}

func TestManyMistakesAreListedInPart(t *testing.T) {
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, "key%d: 1\n", i)
	}
	_, err := decode(b.String())
	if lines := strings.Split(err.Error(), "\n"); len(lines) != maxListed+1 || !strings.HasPrefix(lines[maxListed], "… and ") {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	if n := len(err.(Mistakes)); n != maxKept {
		t.Errorf("kept %d mistakes, want %d", n, maxKept)
	}
}

func TestSuppliedBombsAreBounded(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		p := string(c - 1)
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+p+",", 10), ","))
	}
	for name, text := range map[string]string{
		"alias bomb":     bomb + "servers: *k\nnames: *k",
		"self alias":     "by_name: &a {x: *a}",
		"self merge":     "maybe: &a {<<: *a}",
		"self merge two": "maybe: &a {<<: [*a, *a]}",
		"merge bomb":     mergeBomb(),
		"deep flow":      "names: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"too deep flow":  "names: " + strings.Repeat("[", 20000),
	} {
		done := make(chan error, 1)
		go func() {
			d := Parse("f", []byte(text), options)
			v := defaults()
			d.Root().Decode(&v)
			var r recursive
			d.Root().Decode(&r)
			done <- d.Err()
		}()
		select {
		case err := <-done:
			if err == nil && name != "self merge" && name != "self merge two" {
				t.Errorf("%s: accepted", name)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: still decoding after 20 s", name)
		}
	}
}

type recursive struct {
	K *recursive            `yaml:"k"`
	X *recursive            `yaml:"x"`
	M map[string]*recursive `yaml:"by_name"`
	L []recursive           `yaml:"servers"`
}

func mergeBomb() string {
	s := "labels: &m0 {a: b}\n"
	for i := 1; i < 30; i++ {
		s += fmt.Sprintf("x%d: &m%d {<<: [*m%d, *m%d]}\n", i, i, i-1, i-1)
	}
	return s + "by_name: {x: {<<: *m29}}\n"
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(50 << 20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for path, want := range map[string]string{
		dir:                            "is a directory",
		filepath.Join(dir, "no.yaml"):  "does not exist",
		big:                            "larger than 1 MiB",
		filepath.Join(big, "sub.yaml"): "cannot be read: not a directory",
	} {
		_, err := Read(path)
		if err == nil || !strings.Contains(err.Error(), path+":1:1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("good", "pa ss\r\n")
	write("empty", "\n")
	write("two", "a\nb\n")
	write("big", strings.Repeat("x", maxSecret+1))
	for name, want := range map[string]string{"empty": "is empty", "two": "one line", "big": "larger than", ".": "not a regular file", "no": "does not exist"} {
		d := Parse(filepath.Join(dir, "f.yaml"), []byte("password_file: "+name), options)
		v := defaults()
		if d.Root().Decode(&v); d.Err() == nil || !strings.Contains(d.Err().Error(), want) {
			t.Errorf("%s: %v, want %q", name, d.Err(), want)
		}
	}
	d := Parse(filepath.Join(dir, "f.yaml"), []byte("password_file: good"), options)
	v := defaults()
	if d.Root().Decode(&v); d.Err() != nil || v.Secret.Reveal() != "pa ss" {
		t.Errorf("%v, read %q", d.Err(), v.Secret.Reveal())
	}
	if len(d.Literals()) != 0 {
		t.Error("a password from a file counts as literal")
	}
}

func TestLiterals(t *testing.T) {
	for text, want := range map[string]int{
		"password: x":                             1,
		"password: ${PW}":                         0,
		`password: ""`:                            0,
		"text: rtsp://u:p@h/":                     1,
		"text: rtsp://u:${PW}@h/":                 0,
		"text: rtsp://u@h/":                       0,
		"text: rtsp://h/?user=a&password=b":       1,
		"text: rtsp://h/user=a_password=b_c=1":    0,
		"text: rtsp://h/user=a&password=b&c=1":    1,
		"text: rtsp://h/s?token=abc\npassword: x": 2,
		"text: rtsp://h:554/s":                    0,
	} {
		d := Parse("f", []byte(text), options)
		v := defaults()
		d.Root().Decode(&v)
		if got := len(d.Literals()); got != want || d.Err() != nil {
			t.Errorf("%q: %d literal secrets, want %d (%v)", text, got, want, d.Err())
		}
	}
}

func TestReportPlacesEachMistake(t *testing.T) {
	d := Parse("f", []byte("defaults:\n  maybe: {host: inherited}\nfeed:\n  servers:\n  - host: h\n  count: 3\n  text: hunter2-secret\n"), Options{})
	feed := d.Root().Key("feed").Inherits(d.Root().Key("defaults"))
	feed.Report(fmt.Errorf("validate: %w", errors.Join(
		invalid.Field("servers[0].host", "a"),
		invalid.Field("servers.0.port", "b"),
		invalid.Field("servers[3].port", "c"),
		invalid.Field("count", "d"),
		invalid.Field("maybe.host", "e"),
		invalid.Field("rate", "f"),
		invalid.Field("", "g"),
		errors.New("h, at rtsp://a:b@c/d"),
	)))
	want := `f:2:17: defaults.maybe.host: e
f:3:1: feed.rate: f
f:3:1: feed: g
f:3:1: feed: h, at rtsp://c/…
f:4:3: feed.servers[3].port: c
f:5:11: feed.servers[0].host: a
f:5:5: feed.servers[0].port: b
f:6:10: feed.count: d`
	if got := fmt.Sprint(sorted(d.Err())); got != fmt.Sprint(sorted(errors.New(want))) {
		t.Errorf("got\n%v\nwant\n%s", d.Err(), want)
	}
}

func sorted(err error) map[string]bool {
	set := map[string]bool{}
	for _, l := range strings.Split(err.Error(), "\n") {
		set[l] = true
	}
	return set
}

func TestSeveralTargetsShareOneMapping(t *testing.T) {
	var a inner
	b := defaults()
	d := Parse("f", []byte("host: h\ntext: t\nhots: x"), options)
	d.Root().Decode(&a, &b)
	if a.Host != "h" || b.Text != "t" {
		t.Errorf("decoded %+v and %+v", a, b.Text)
	}
	if err := d.Err(); err == nil || !strings.Contains(err.Error(), `3:1: hots: unknown key; did you mean "host"?`) {
		t.Error(err)
	}
}

func TestRedactURL(t *testing.T) {
	for url, want := range map[string]string{
		"rtsp://h/":                              "rtsp://h",
		"rtsp://10.0.0.1:554/a?password=hunter2": "rtsp://10.0.0.1:554/…",
		"rtsp://u:hunter2@h:554/s":               "rtsp://h:554/…",
		"rtsp://u:hun@ter2@h/s":                  "rtsp://h/…",
		"rtsp://u:hun/ter2@h/s":                  "rtsp://***",
		"rtsp://u:hun?ter2@h/s":                  "rtsp://***",
		"rtsp://u:hun#ter2@h":                    "rtsp://***",
		"rtsp://h/?p=hunt@er2":                   "rtsp://***",
		"rtsp://u:hunter2":                       "rtsp://***",
		"rtsp://[fe80::1]:554/":                  "rtsp://[fe80::1]:554",
		"plain":                                  "plain",
	} {
		if got := RedactURL(url); got != want {
			t.Errorf("%s → %s, want %s", url, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"transport", "latency", "url", "user", "password"}
	for name, want := range map[string]string{
		"transprot": "transport", "latncy": "latency", "usr": "user", "uri": "url", "pass": "", "xyz": "",
		"pass-word": "password", "PASSWORD": "password", strings.Repeat("u", 5000): "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%.20s) = %q, want %q", name, got, want)
		}
	}
	if distance("ab", "ba") != 1 {
		t.Error("swapped neighbours are one mistake")
	}
}
