package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const withDefaults = `version: 1
processors:
  seen: {type: motion}
defaults:
  processors: [seen]
  hold: 70ms
  continuations: [{type: events, path: all.jsonl}]
feeds:
  one: {url: "rtsp://192.0.2.1/a"}
`

func TestAnAddedFeedInheritsTheDefaults(t *testing.T) {
	c := loadText(t, withDefaults)
	for range 3 { // The defaults can be asked for again and again.
		f, err := c.ParseFeed("two:\n  url: rtsp://viewer:pass@192.0.2.2/b\n  max_held: 2\n")
		if err != nil {
			t.Fatal(err)
		}
		one := c.Feeds[0]
		if f.ID != "two" || f.Config.Hold != one.Config.Hold || f.Config.MaxHeld != 2 || len(f.Processors) != 1 {
			t.Errorf("got %+v with %+v", f, f.Config)
		}
		if f.Continuations[0].Events.Path != one.Continuations[0].Events.Path {
			t.Errorf("its events go to %s, the others to %s", f.Continuations[0].Events.Path, one.Continuations[0].Events.Path)
		}
		if strings.Contains(f.Source.RTSP.URL, "pass") || f.Source.RTSP.Password.Reveal() != "pass" {
			t.Error("the password was not taken out of the URL")
		}
	}
}

func TestAnAddedFeedsMistakesHaveTheirPlace(t *testing.T) {
	c := loadText(t, withDefaults)
	for text, want := range map[string]string{
		"two:\n  urll: rtsp://192.0.2.2/b\n":                               "2:3",
		"two:\n  url: rtsp://192.0.2.2/b\n  processors: [sen]\n":           `"seen"`,
		"Two:\n  url: rtsp://192.0.2.2/b\n":                                "id",
		"a: {url: \"rtsp://192.0.2.2/b\"}\nb: {url: \"rtsp://192.0.2.3\"}": "one feed",
		"":           "empty",
		"just words": "one feed",
	} {
		_, err := c.ParseFeed(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, wanted one with %s", text, err, want)
		}
	}
}

func loadText(t *testing.T, text string) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nvpipe.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, Options{Processors: testTypes()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
