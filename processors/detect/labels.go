package detect

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"strings"
)

//go:embed coco.txt
var coco string

// maxLabels bounds a label file: 64 KiB is a thousand long names.
const maxLabels = 64 << 10

// readLabels reads the names of the classes: the built-in ones, or a file's lines.
func readLabels(labels string) ([]string, error) {
	if labels == LabelsCOCO {
		return lines(coco), nil
	}
	f, err := os.Open(labels)
	if err != nil {
		return nil, fmt.Errorf("must be %q or a file with one name per line: %w", LabelsCOCO, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLabels+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxLabels {
		return nil, fmt.Errorf("%s is larger than %d KiB, must have one name per line", labels, maxLabels>>10)
	}
	names := lines(string(text))
	for i, name := range names {
		if name == "" {
			return nil, fmt.Errorf("line %d of %s is empty, must be the name of class %d", i+1, labels, i)
		}
	}
	return names, nil
}

func lines(text string) []string {
	var names []string
	for line := range strings.Lines(strings.TrimRight(text, " \t\r\n")) {
		names = append(names, strings.TrimSpace(line))
	}
	return names
}
