package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/motion"
)

var update = flag.Bool("update", false, "write the expected messages anew; read the difference before you commit it")

// detector stands for a processor type that needs a file, as an embedding
// program may bring one.
type detector struct {
	Model  string `yaml:"model"`
	Labels string `yaml:"labels"`
}

func (d *detector) Validate() error {
	if d.Model == "" {
		return invalid.Field("model", "must be the path of a model, is empty")
	}
	return nil
}

func testTypes() Registry {
	return Registry{
		"motion": {New: func() Settings { c := motion.DefaultConfig(); return &c }, WholeFrames: true},
		"detector": {
			New: func() Settings { return &detector{Labels: "coco"} },
			Files: func(s Settings) []File {
				return []File{{"model", &s.(*detector).Model}}
			},
		},
	}
}

func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"PASSWORD": "hunter2/@:%", "LEVEL": "loudest", "SHORT": "0123456789", "TOKEN": "0123456789abcdef0123",
	}[name]
	return value, ok
}

func testOptions() Options { return Options{Processors: testTypes(), LookupEnv: testEnv} }

// Each file in testdata has one kind of mistake; the file beside it has the
// messages word for word.
func TestFixtures(t *testing.T) {
	t.Chdir("testdata")
	fixtures, err := filepath.Glob("*.yaml")
	if err != nil || len(fixtures) < 30 {
		t.Fatalf("%d fixtures, %v", len(fixtures), err)
	}
	for _, name := range fixtures {
		t.Run(name, func(t *testing.T) {
			_, err := Load(name, testOptions())
			if err == nil {
				t.Fatal("accepted")
			}
			got := err.Error() + "\n"
			wantFile := strings.TrimSuffix(name, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(wantFile, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, secret := range []string{"hunter2", "0123456789", "loudest"} {
				if strings.Contains(got, secret) {
					t.Errorf("shows the value %q", secret)
				}
			}
		})
	}
}
