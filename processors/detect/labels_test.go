package detect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCOCO(t *testing.T) {
	names := coco80()
	if len(names) != 80 || names[0] != "person" || names[39] != "bottle" || names[79] != "toothbrush" {
		t.Errorf("%d names: %q", len(names), names)
	}
	// A few of COCO's own numbers, from its annotations.
	own := coco91()
	for id, want := range map[int]string{
		0: "background", 1: "person", 3: "car", 11: "fire hydrant", 12: "N/A", 13: "stop sign", 25: "giraffe", 27: "backpack",
		44: "bottle", 67: "dining table", 70: "toilet", 72: "tv", 82: "refrigerator", 84: "book", 90: "toothbrush",
	} {
		if own[id] != want {
			t.Errorf("%d is %q, want %q", id, own[id], want)
		}
	}
	if len(own) != 91 {
		t.Errorf("%d numbers", len(own))
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
		{"", nil, "is empty"},
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

func TestLabelsFollowTheModel(t *testing.T) {
	cat := filepath.Join(t.TempDir(), "cat.txt")
	if err := os.WriteFile(cat, []byte("cat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, labels, metadata string
		classes                int
		first                  string
		count                  int
		fail                   string
	}{
		{"eighty", LabelsAuto, "", 80, "person", 80, ""},
		{"COCO's own numbers", LabelsAuto, "", 91, "background", 91, ""},
		{"the model's own", LabelsAuto, "{0: 'ball', 1: 'box'}", 2, "ball", 2, ""},
		{"the model's own, whatever their number", LabelsAuto, "['ball', 'box']", 0, "ball", 2, ""},
		{"unnamed", LabelsAuto, "", 3, "", 0, "labels: must be a file with 3 names, one per line, or none: m.onnx has 3 classes"},
		{"neither names nor number", LabelsAuto, "", 0, "", 0, "labels: must be coco, coco91"},
		{"numbers only", LabelsNone, "", 3, "class 0", 3, ""},
		{"numbers only, who knows how many", LabelsNone, "", 0, "", 0, ""},
		{"stated over the model's own", cat, "{0: 'ball'}", 1, "cat", 1, ""},
		{"too few", cat, "", 2, "", 0, "cat.txt has 1 names, but m.onnx has 2 classes"},
		{"too many", LabelsCOCO, "", 2, "", 0, "coco has 80 names, but m.onnx has 2 classes"},
		{"the model contradicts itself", LabelsAuto, "{0: 'ball'}", 2, "", 0, "m.onnx's metadata has 1 names, but m.onnx has 2 classes"},
		{"names that cannot be read", LabelsAuto, "{0: ball}", 1, "", 0, "the names in m.onnx's metadata cannot be read: at byte 4"},
	} {
		cfg := DefaultConfig()
		cfg.Labels = c.labels
		m := metadata{map[string]string{}, "m.onnx"}
		if c.metadata != "" {
			m.values["names"] = c.metadata
		}
		names, err := cfg.names(m)
		if err == nil {
			names, err = cfg.labelsFor(names, c.classes, "m.onnx")
		}
		if c.fail != "" {
			if err == nil || !strings.Contains(err.Error(), c.fail) {
				t.Errorf("%s: error is %v, want one with %q", c.name, err, c.fail)
			}
			continue
		}
		if err != nil || len(names) != c.count || c.count > 0 && names[0] != c.first {
			t.Errorf("%s: %d names, %v", c.name, len(names), err)
		}
	}
}
