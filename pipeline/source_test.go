package pipeline_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
)

func TestSplitCredentials(t *testing.T) {
	for _, c := range []struct{ in, clean, user, password string }{
		{"rtsp://cam/live", "rtsp://cam/live", "", ""},
		{"rtsp://cam", "rtsp://cam", "", ""},
		{"RTSP://10.0.0.7:8554/live?x=1", "rtsp://10.0.0.7:8554/live?x=1", "", ""},
		{"rtsps://[fe80::1]:322/live", "rtsps://[fe80::1]:322/live", "", ""},
		{"rtsp://admin:secret@cam/live", "rtsp://cam/live", "admin", "secret"},
		{"rtsp://admin@cam/live", "rtsp://cam/live", "admin", ""},
		{"rtsp://:secret@cam/live", "rtsp://cam/live", "", "secret"},
		{"rtsp://admin:secret@[::1]:554/live", "rtsp://[::1]:554/live", "admin", "secret"},
		{"rtsp://admin:p%40s%3As%2F%25%23@cam:554/", "rtsp://cam:554/", "admin", "p@s:s/%#"},
		{"rtsp://me%40home:x@cam/", "rtsp://cam/", "me@home", "x"},
		{"rtsp://admin:p@ss@cam/live", "rtsp://cam/live", "admin", "p@ss"},
		{"rtsp://admin:p:a:s@cam/live", "rtsp://cam/live", "admin", "p:a:s"},
		{"rtsp://admin:p/a/s@cam/live", "rtsp://cam/live", "admin", "p/a/s"},
		{"rtsp://admin:100%@cam/live", "rtsp://cam/live", "admin", "100%"},
		{"rtsp://admin:5%zz@cam/live", "rtsp://cam/live", "admin", "5%zz"},
		{"rtsp://admin:#1?@cam/live", "rtsp://cam/live", "admin", "#1?"},
		{"rtsp://admin:secret@cam/live@2", "rtsp://cam/live@2", "admin", "secret"},
		{"rtsp://10.0.0.7:554/live@2", "rtsp://10.0.0.7:554/live@2", "", ""},
		{"rtsp://cam/live@2", "rtsp://cam/live@2", "", ""},
	} {
		clean, user, password, err := pipeline.SplitCredentials(c.in)
		if err != nil || clean != c.clean || user != c.user || password.Reveal() != c.password {
			t.Errorf("%s: %q %q %q %v", c.in, clean, user, password.Reveal(), err)
		}
	}
}

func TestSplitCredentialsRefuses(t *testing.T) {
	for _, in := range []string{
		"", "cam/live", "http://cam/", "rtsp://", "rtsp:///live", "rtsp://admin:hunter2@", "rtsp://admin:hunter2@/live",
		"rtsp://admin:12/hunter2@cam/live",    // a port, or the beginning of a password
		"rtsp://admin:hunter2@cam:554/live@2", // what is left could be read in two ways
		"rtsp://cam:port/hunter2",
		"rtsp://admin:hunter2@cam/\n",
	} {
		clean, _, _, err := pipeline.SplitCredentials(in)
		if err == nil {
			t.Errorf("%q is taken as %q", in, clean)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// Any password that is percent-encoded comes back as it was, and so does any
// without the letters that end a host.
func TestRandomPasswords(t *testing.T) {
	const letters = "abXY019 @:/%#?&=+~!$'()*,;[]{}|\\^`\"<>äß€"
	runes := []rune(letters)
	for range 2000 {
		var password strings.Builder
		for range 1 + rand.IntN(16) {
			password.WriteRune(runes[rand.IntN(len(runes))])
		}
		want := password.String()
		in := "rtsp://admin:" + url.QueryEscape(want) + "@cam.test:554/live"
		in = strings.ReplaceAll(in, "+", "%20")
		clean, user, got, err := pipeline.SplitCredentials(in)
		if err != nil || clean != "rtsp://cam.test:554/live" || user != "admin" || got.Reveal() != want {
			t.Fatalf("%q from %q: %q %q %q %v", want, in, clean, user, got.Reveal(), err)
		}
	}
}

func FuzzSplitCredentials(f *testing.F) {
	for _, s := range []string{"rtsp://a:b@c/d", "rtsp://a:b/c@d:1/e", "rtsps://[::1]:2/@", "rtsp://a:%4@b", "rtsp://@@@", "rtsp://a:b@c:4/d@e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		clean, _, password, err := pipeline.SplitCredentials(in)
		if err != nil {
			return
		}
		again, user, rest, err := pipeline.SplitCredentials(clean)
		if err != nil || again != clean || user != "" || !rest.IsZero() {
			t.Errorf("%q leaves %q, which splits again into %q %q %v", in, clean, again, user, err)
		}
		if p := password.Reveal(); len(p) > 8 && strings.Contains(clean, p) && !strings.Contains(strings.Replace(in, p, "", 1), p) {
			t.Errorf("the password of %q is left in %q", in, clean)
		}
	})
}

func TestNothingShowsTheCamerasSecrets(t *testing.T) {
	s := camera()
	for _, u := range []string{
		"rtsp://admin:hunter2@cam/live", "rtsp://cam/user=admin&password=hunter2", "rtsp://cam/admin/hunter2/1", "rtsp://cam?pwd=hunter2",
	} {
		s.RTSP.URL = u
		for _, text := range []string{s.String(), fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprint(s.RTSP), fmt.Sprintf("%v", &s)} {
			if strings.Contains(text, "hunter2") || !strings.Contains(text, "rtsp://cam") {
				t.Errorf("%s is shown as %q", u, text)
			}
		}
	}
}

func TestResolve(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from the file \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := camera()
	s.RTSP.User, s.RTSP.PasswordFile = "admin", file
	got, err := s.Resolve()
	if err != nil || got.RTSP.Password.Reveal() != "from the file " || got.RTSP.User != "admin" {
		t.Errorf("%q %v", got.RTSP.Password.Reveal(), err)
	}
	s = camera()
	s.RTSP.URL = "rtsp://admin:x%40y@cam/"
	if got, err := s.Resolve(); err != nil || got.RTSP.URL != "rtsp://cam/" || got.RTSP.User != "admin" || got.RTSP.Password.Reveal() != "x@y" {
		t.Errorf("%+v %v", got, err)
	}
	s.RTSP.PasswordFile = filepath.Join(t.TempDir(), "missing")
	var e *pipeline.Error
	if _, err := s.Resolve(); !errors.As(err, &e) || e.Reason != pipeline.ReasonConfig || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing password file is %v", err)
	}
}

// keys are the keys of the mistakes in err.
func keys(err error) []string {
	var list []string
	var walk func(error)
	walk = func(err error) {
		switch x := err.(type) {
		case interface{ Unwrap() []error }:
			for _, e := range x.Unwrap() {
				walk(e)
			}
		case interface{ Key() string }:
			list = append(list, x.Key())
		}
	}
	walk(err)
	return list
}

func TestSourceMistakes(t *testing.T) {
	rtsp := func(change func(*pipeline.RTSP)) pipeline.Source {
		s := camera()
		change(&s.RTSP)
		return s
	}
	test := func(change func(*pipeline.Test)) pipeline.Source {
		s := pipeline.DefaultSource()
		s.Test.Pattern = "ball"
		change(&s.Test)
		return s
	}
	film := pipeline.DefaultSource()
	film.Film.Path = "a.mp4"
	both := camera()
	both.Film.Path = "a.mp4"
	for name, c := range map[string]struct {
		source pipeline.Source
		want   []string
	}{
		"a camera":                 {camera(), nil},
		"a film":                   {film, nil},
		"a pattern":                {test(func(*pipeline.Test) {}), nil},
		"nothing":                  {pipeline.DefaultSource(), []string{""}},
		"two":                      {both, []string{""}},
		"credentials apart":        {rtsp(func(r *pipeline.RTSP) { r.User, r.Password = "a", secret.New("b") }), nil},
		"credentials in it":        {rtsp(func(r *pipeline.RTSP) { r.URL = "rtsp://a:b@cam/" }), nil},
		"credentials twice":        {rtsp(func(r *pipeline.RTSP) { r.URL, r.User, r.Password = "rtsp://a:b@cam/", "a", secret.New("b") }), []string{"rtsp.user", "rtsp.password"}},
		"two passwords":            {rtsp(func(r *pipeline.RTSP) { r.User, r.Password, r.PasswordFile = "a", secret.New("b"), "c" }), []string{"rtsp.password"}},
		"password, no user":        {rtsp(func(r *pipeline.RTSP) { r.Password = secret.New("b") }), []string{"rtsp.user"}},
		"not RTSP":                 {rtsp(func(r *pipeline.RTSP) { r.URL = "file:///etc/passwd" }), []string{"rtsp.url"}},
		"no host":                  {rtsp(func(r *pipeline.RTSP) { r.URL = "rtsp:///live" }), []string{"rtsp.url"}},
		"all of a camera":          {rtsp(func(r *pipeline.RTSP) { *r = pipeline.RTSP{URL: "x", Transport: "smoke", Latency: -1} }), []string{"rtsp.url", "rtsp.transport", "rtsp.latency"}},
		"a long buffer":            {rtsp(func(r *pipeline.RTSP) { r.Latency = time.Minute }), []string{"rtsp.latency"}},
		"all of a pattern":         {test(func(p *pipeline.Test) { *p = pipeline.Test{Pattern: "cat", Width: 15, Height: 10000} }), []string{"test.pattern", "test.width", "test.height", "test.fps"}},
		"an odd width":             {test(func(p *pipeline.Test) { p.Width = 641 }), []string{"test.width"}},
		"a rate that is no number": {test(func(p *pipeline.Test) { p.FPS = nan() }), []string{"test.fps"}},
	} {
		if got := keys(c.source.Validate()); !slices.Equal(got, c.want) {
			t.Errorf("%s: mistakes at %q, want %q (%v)", name, got, c.want, c.source.Validate())
		}
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestConfigMistakes(t *testing.T) {
	if err := pipeline.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	if err := pipeline.DefaultProcessorConfig().Validate(); err != nil {
		t.Error(err)
	}
	bad := pipeline.Config{Hold: time.Minute, MaxHeld: 9, StallMin: time.Hour, StallMax: time.Second}
	want := []string{"hold", "max_held", "connect_limit", "first_frame_limit", "stall_min", "stall_max"}
	if got := keys(bad.Validate()); !slices.Equal(got, want) {
		t.Errorf("mistakes at %q, want %q", got, want)
	}
	if got := keys(pipeline.ProcessorConfig{FPS: nan(), MaxInFlight: 5}.Validate()); !slices.Equal(got, []string{"fps", "max_in_flight"}) {
		t.Errorf("mistakes at %q", got)
	}
	_, err := pipeline.New("door", bad, pipeline.Settings{Source: pipeline.DefaultSource(), Processors: []pipeline.Processor{{Name: "a"}}})
	if err == nil || !strings.Contains(err.Error(), "hold") || !strings.Contains(err.Error(), "no coordinator") || !strings.Contains(err.Error(), "exactly one of") {
		t.Errorf("New: %v", err)
	}
}

func TestTLSSettings(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pipeline.RTSP)
		wrong  string // empty: valid
	}{
		"rtsps":                     {func(r *pipeline.RTSP) {}, ""},
		"rtsps over auto":           {func(r *pipeline.RTSP) { r.Transport = pipeline.TransportAuto }, ""},
		"rtsps over udp":            {func(r *pipeline.RTSP) { r.Transport = pipeline.TransportUDP }, "rtsp.transport"},
		"a CA without rtsps":        {func(r *pipeline.RTSP) { r.URL, r.CAFile = "rtsp://cam.test/", "ca.pem" }, "rtsp.ca_file"},
		"any name, with a CA":       {func(r *pipeline.RTSP) { r.CAFile, r.AnyName = "ca.pem", true }, ""},
		"any name of anybody's":     {func(r *pipeline.RTSP) { r.AnyName = true }, "rtsp.any_name"},
		"credentials before rtsps":  {func(r *pipeline.RTSP) { r.URL, r.CAFile = "RTSPS://u:p@cam.test/", "ca.pem" }, ""},
		"no scheme that is ours":    {func(r *pipeline.RTSP) { r.URL = "http://cam.test/" }, "rtsp.url"},
		"redirects, wherever to go": {func(r *pipeline.RTSP) { r.RedirectAnywhere = true }, ""},
	} {
		s := camera()
		s.RTSP.URL = "rtsps://cam.test/live"
		c.change(&s.RTSP)
		err := s.Validate()
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
	s := camera()
	s.RTSP.URL, s.RTSP.Transport = "rtsps://cam.test/live", pipeline.TransportAuto
	if r, err := s.Resolve(); err != nil || r.RTSP.Transport != pipeline.TransportTCP {
		t.Errorf("rtsps goes over %s: %v", r.RTSP.Transport, err)
	}
}
