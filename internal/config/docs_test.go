package config_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("update-docs", false, "write the tables of docs/configuration.md anew")

const page = "docs/configuration.md"

func markdown(t testing.TB, one table) string {
	var b strings.Builder
	b.WriteString("| key | type | default | meaning |\n|---|---|---|---|\n")
	for _, r := range tableRows(t, one) {
		meaning := strings.ReplaceAll(r.doc, "|", "\\|")
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", r.key, kind(r.field.Go.Type), shown(r.value), meaning)
	}
	return b.String()
}

func TestPagesShowTheirExamples(t *testing.T) {
	for page, example := range map[string]string{
		"docs/cascades.md": "configs/example-cascade.yaml",
		"docs/remote.md":   "configs/example-oip.yaml",
	} {
		if !strings.Contains(read(t, page), "```yaml\n"+read(t, example)+"```\n") {
			t.Errorf("%s does not show %s as it is", page, example)
		}
	}
}

// The page's tables are those of the types: their keys, defaults and comments.
func TestDocs(t *testing.T) {
	text := read(t, page)
	for _, one := range tables() {
		begin, end := "<!-- keys of "+one.name+" -->\n", "<!-- end -->\n"
		place := regexp.MustCompile(regexp.QuoteMeta(begin) + `(?s:.*?)` + regexp.QuoteMeta(end))
		found := place.FindString(text)
		if found == "" {
			t.Errorf("%s has no table between %q and %q", page, begin, end)
			continue
		}
		want := begin + markdown(t, one) + end
		if *updateDocs {
			text = strings.Replace(text, found, want, 1)
		} else if found != want {
			t.Errorf("the table of %s in %s is not that of the types; run go test ./internal/config -run Docs -update-docs\ngot\n%s\nwant\n%s", one.name, page, found, want)
		}
	}
	if *updateDocs {
		if err := os.WriteFile(filepath.Join(root, page), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
