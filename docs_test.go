package nvpipe_test

import (
	"os"
	"strings"
	"testing"
)

// The page shows what is compiled and run here, and nothing older.
func TestEmbeddingPageShowsTheExample(t *testing.T) {
	page := read(t, "docs/embedding.md")
	for _, file := range []string{"example_test.go", "testdata/white.yaml"} {
		text := strings.TrimSpace(read(t, file))
		if !strings.Contains(page, text) {
			t.Errorf("docs/embedding.md does not show %s as it is", file)
		}
	}
	if lines := strings.Count(read(t, "example_test.go"), "\n"); lines > 40 {
		t.Errorf("the example has %d lines; 40 are enough", lines)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
