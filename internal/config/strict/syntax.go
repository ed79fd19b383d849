package strict

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

// plainer says the parser's messages in the words of somebody who edits the
// file. None of them repeats text of the file, which may be a password.
var plainer = []struct{ part, text string }{
	{"found character that cannot start any token", "a tab or a special character starts this value; indent with spaces, and put quotes around a text that starts with @, ` or %"},
	{"mapping values are not allowed", "a second ': ' in one line, or wrong indentation; put quotes around a text that has ': ' in it"},
	{"did not find expected key", "wrong indentation, or a key without ':'"},
	{"could not find expected ':'", "a key without ':', or wrong indentation"},
	{"did not find expected '-' indicator", "wrong indentation in a list"},
	{"did not find expected ',' or", "a bracket or brace is not closed, a comma is missing, or a text with one of {}[],? in it needs quotes"},
	{"found unexpected end of stream", "a quote, bracket or brace that starts here is never closed"},
	{"unknown anchor", "an alias (*name) without its anchor (&name); put quotes around a text that starts with *"},
	{"exceeded max depth", "is nested too deep"},
	{"block sequence entries are not allowed", "a list item ('- ') cannot start here; put the list on its own lines"},
	{"found a tab character", "a tab in the indentation; indent with spaces"},
}

func syntaxMistake(file string, data []byte, err error) Mistake {
	line, text := 1, "cannot be understood as YAML"
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		if n, convErr := strconv.Atoi(m[1]); convErr == nil {
			line = n
		}
		for _, p := range plainer {
			if strings.Contains(m[2], p.part) {
				text = p.text
				break
			}
		}
	}
	line = blameLine(data, line)
	return Mistake{File: file, Line: line, Column: firstColumn(data, line), Text: "not valid YAML: " + text}
}

const (
	// blameParses and blameSize bound the search for the line to blame.
	blameParses = 200
	blameSize   = 128 << 10
)

// blameLine finds the line after the longest prefix of the file that is valid
// YAML. The parser itself names the start of the enclosing block, which may be
// line 1 of a long file.
func blameLine(data []byte, reported int) int {
	if len(data) > blameSize {
		return reported
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	parses := 0
	valid := func(n int) bool {
		parses++
		var node yaml.Node
		err := guard(func() error { return yaml.Unmarshal(bytes.Join(lines[:n], nil), &node) })
		return err == nil || errors.Is(err, io.EOF)
	}
	good, bad := 0, len(lines)
	for parses < blameParses {
		for bad-good > 1 {
			if mid := (good + bad) / 2; valid(mid) {
				good = mid
			} else {
				bad = mid
			}
		}
		// A list or text over several lines is invalid halfway through; look
		// whether it ends well before blaming its first line.
		next := good + 2
		for next < len(lines) && next <= good+50 && !valid(next) {
			next++
		}
		if next >= len(lines) || next > good+50 {
			break
		}
		good, bad = next, len(lines)
	}
	return min(good+1, len(lines))
}

func firstColumn(data []byte, line int) int {
	lines := bytes.Split(data, []byte("\n"))
	if line > len(lines) {
		return 1
	}
	text := lines[line-1]
	if trimmed := bytes.TrimLeft(text, " \t\r"); len(trimmed) > 0 {
		return len(text) - len(trimmed) + 1
	}
	return 1
}
