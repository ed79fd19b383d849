package detect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCOCO(t *testing.T) {
	names, err := readLabels(LabelsCOCO)
	if err != nil || len(names) != 80 || names[0] != "person" || names[39] != "bottle" || names[79] != "toothbrush" {
		t.Errorf("%d names: %q, %v", len(names), names, err)
	}
}

func TestLabelFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.txt")
	for _, c := range []struct {
		text string
		want []string
		fail string
	}{
		{"cat\ndog\n", []string{"cat", "dog"}, ""},
		{"cat \r\n traffic light\r\n\n\n", []string{"cat", "traffic light"}, ""},
		{"cat", []string{"cat"}, ""},
		{"", nil, ""},
		{"cat\n\ndog\n", nil, "line 2"},
		{strings.Repeat("cat\n", maxLabels), nil, "larger than"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readLabels(path)
		if c.fail == "" && (err != nil || !slices.Equal(got, c.want)) || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%.20q: %q, %v", c.text, got, err)
		}
	}
	if _, err := readLabels(t.TempDir()); err == nil {
		t.Error("a folder was read as labels")
	}
}
