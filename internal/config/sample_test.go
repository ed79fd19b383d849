package config_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/config/builtin"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/internal/rtspout"
)

const sample = "configs/nvpipe.yaml"

func environment(name string) (string, bool) {
	return "value", strings.HasPrefix(name, "CAMERA_") || name == "INFERENCE_TOKEN"
}

func load(t *testing.T, path string) *config.Config {
	t.Helper()
	cfg, err := config.Load(filepath.Join(root, path), config.Options{Processors: builtin.Processors(), LookupEnv: environment})
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("%s: %v", path, cfg.Warnings)
	}
	return cfg
}

func TestEveryConfigLoads(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "configs", "*.yaml"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if cfg := load(t, filepath.Join("configs", filepath.Base(path))); len(cfg.Feeds) == 0 || len(cfg.Processors) == 0 {
				t.Error("an example without a feed or a processor")
			}
		})
	}
}

// A file named in a mapping within a processor is looked for, and its place known.
func TestCheckFindsFilesWithinMappings(t *testing.T) {
	report := config.Check(filepath.Join(root, "configs", "example-oip.yaml"), config.Options{Processors: builtin.Processors(), LookupEnv: environment})
	var out strings.Builder
	if err := report.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "processors.objects.tls.ca: the file ") || strings.Contains(got, ":6:") {
		t.Errorf("got\n%s", got)
	}
}

func TestSampleEqualsTheDefaults(t *testing.T) {
	cfg := load(t, sample)
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the sample has\n%+v\nthe default is\n%+v", what, got, want)
		}
	}
	same("log", cfg.Log, config.DefaultLog())
	same("metrics", cfg.Metrics, config.DefaultMetrics())
	same("rtsp", cfg.RTSP, rtspout.DefaultConfig())
	for _, p := range cfg.Processors {
		want := builtin.Processors()[p.Type].New()
		for _, required := range []string{"Model", "Endpoints"} {
			if field := reflect.ValueOf(want).Elem().FieldByName(required); field.IsValid() {
				field.Set(reflect.ValueOf(p.Settings).Elem().FieldByName(required))
			}
		}
		same("processor "+p.Name, p.Settings, want)
		same("batch of "+p.Name, p.Batch, config.DefaultProcessor().Batch)
		same("overload of "+p.Name, p.Overload, config.DefaultProcessor().Overload)
	}
	seen := map[string]bool{}
	for _, f := range cfg.Feeds {
		want := config.DefaultFeed(f.ID)
		want.Source.RTSP.URL, want.At = f.Source.RTSP.URL, f.At
		want.Processors, want.Continuations = f.Processors, f.Continuations
		if !f.Equal(want) {
			t.Errorf("feed %s is not a default feed with a camera, processors and continuations", f.ID)
		}
		for _, p := range f.Processors {
			want := config.DefaultFeedProcessor()
			want.Name = p.Name
			same("processor "+p.Name+" of feed", p, want)
		}
		for _, c := range f.Continuations {
			seen[c.Type] = true
			events, films := eventlog.DefaultConfig(), film.DefaultConfig()
			events.Path, films.Dir = c.Events.Path, c.Film.Dir
			same("continuation "+c.Type, c, config.Continuation{Type: c.Type, Events: events, Film: films})
		}
	}
	if len(seen) != 3 {
		t.Errorf("the sample has only the continuations %v", seen)
	}
}

// keys collects the dotted keys of a YAML text. The names of processors and
// feeds, and the places in lists, are left out; in their stead stands the type.
func keys(t *testing.T, text string) map[string]bool {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var walk func(prefix string, n *yaml.Node)
	each := func(n *yaml.Node, visit func(key string, value *yaml.Node)) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			visit(n.Content[i].Value, n.Content[i+1])
		}
	}
	typeOf := func(n *yaml.Node) (name string) {
		each(n, func(key string, value *yaml.Node) {
			if key == "type" {
				name = "type: " + value.Value
			}
		})
		return name
	}
	walk = func(prefix string, n *yaml.Node) {
		each(n, func(key string, value *yaml.Node) {
			found[prefix+key] = true
			switch {
			case value.Kind == yaml.MappingNode:
				walk(prefix+key+".", value)
			case key == "continuations":
				for _, item := range value.Content {
					walk(typeOf(item)+"/", item)
				}
			case key == "processors":
				for _, item := range value.Content {
					walk("a feed's processors/", item)
				}
			}
		})
	}
	each(doc.Content[0], func(section string, value *yaml.Node) {
		switch section {
		case "processors":
			each(value, func(_ string, p *yaml.Node) {
				walk("processors/", p)
				walk(typeOf(p)+"/", p)
			})
		case "feeds":
			each(value, func(_ string, f *yaml.Node) { walk("feeds/", f) })
		case "defaults":
			walk("feeds/", value)
		default:
			walk(section+"/", value)
		}
	})
	return found
}

func TestSampleHasEveryKey(t *testing.T) {
	found := keys(t, read(t, sample))
	for _, one := range tables() {
		for _, r := range tableRows(t, one) {
			if !found[one.name+"/"+r.key] {
				t.Errorf("%s lacks the key %s of %s", sample, r.key, one.name)
			}
		}
	}
}
