package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxListed mistakes are printed; a generated file can have thousands, and
	// nobody reads past the first screen.
	maxListed = 20
	// maxKept bounds memory and time when a file is wrong everywhere.
	maxKept = 1000
)

// Mistake is one thing that is wrong at one place of a file.
type Mistake struct {
	File string `json:"file"`
	// Line and Column count from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Key is the dotted path; empty when the file as a whole is meant.
	Key string `json:"key,omitempty"`
	// Text says what is wrong and what is allowed. It holds no secret.
	Text string `json:"problem"`
}

// Error is "file:line:column: key.path: text".
func (m Mistake) Error() string {
	if m.Key == "" {
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", m.File, m.Line, m.Column, m.Key, m.Text)
}

// With is the same place with another text.
func (m Mistake) With(format string, args ...any) Mistake {
	m.Text = fmt.Sprintf(format, args...)
	return m
}

// Mistakes is all that is wrong with a file, in the order of the file.
type Mistakes []Mistake

// Error lists the first mistakes, one per line, and counts the rest.
func (m Mistakes) Error() string {
	var b strings.Builder
	for i, one := range m {
		if i == maxListed {
			fmt.Fprintf(&b, "\n… and %d more", len(m)-maxListed)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.Error())
	}
	return b.String()
}

func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// place is a mistake without its key: an anchored value that is used twice is
// wrong once.
type place struct {
	line, column int
	text         string
}

type collector struct {
	list Mistakes
	seen map[place]bool
	full bool
}

func (c *collector) add(m Mistake) {
	p := place{m.Line, m.Column, m.Text}
	if c.seen[p] {
		return
	}
	if len(c.list) >= maxKept {
		c.full = true
		return
	}
	if c.seen == nil {
		c.seen = map[place]bool{}
	}
	c.seen[p] = true
	c.list = append(c.list, m)
}
