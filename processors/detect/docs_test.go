package detect

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/letterbox"
)

// The page for users has every family, and of its input what the table has.
func TestModelsPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, f := range family.All {
		in := f.Input
		row := fmt.Sprintf("\n| `%s` | %d | %s | ", f.Name, in.Side, key(orders, in.Order))
		at := strings.Index(page, row)
		if at < 0 {
			t.Errorf("docs/models.md has no row %q", row)
			continue
		}
		rest, _, _ := strings.Cut(page[at+1:], "\n")
		fit := "| " + key(modes, in.Mode)
		if in.Mode == letterbox.TopLeft || in.Mode == letterbox.Centred {
			fit += fmt.Sprintf(", %d |", in.Pad)
		}
		value := "level / 255 |"
		switch {
		case in.Scale == 1:
			value = "| level |"
		case in.Mean != [3]float32{}:
			value = "(level / 255 − mean) / std"
		}
		for _, want := range []string{fit, value} {
			if !strings.Contains(rest, want) {
				t.Errorf("docs/models.md has %q, want %q in it", rest, want)
			}
		}
		if rows := strings.Count(page, "\n| `"+f.Name+"` |"); rows < 3 {
			t.Errorf("docs/models.md has %d rows on %s, want one of its outputs, its input and its export", rows, f.Name)
		}
	}
}
