package strict

import (
	"regexp"
	"strconv"
	"strings"
)

// keyed is a mistake that a Validate method found, as package invalid makes it.
type keyed interface {
	Key() string
	Text() string
}

// Leaf is one mistake of a Validate method; Key is relative to what was
// validated.
type Leaf struct{ Key, Text string }

// Leaves flattens a tree of joined and wrapped errors, whose leaves may have
// Key() and Text().
func Leaves(err error) []Leaf {
	switch e := err.(type) {
	case nil:
		return nil
	case keyed:
		return []Leaf{{e.Key(), e.Text()}}
	case interface{ Unwrap() []error }:
		var all []Leaf
		for _, one := range e.Unwrap() {
			all = append(all, Leaves(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		if inner := Leaves(e.Unwrap()); inner != nil {
			return inner
		}
	}
	return []Leaf{{"", err.Error()}}
}

// Report notes each mistake that a Validate method found at its key.
func (n Node) Report(err error) {
	for _, leaf := range Leaves(err) {
		n.FailAt(leaf.Key, "%s", leaf.Text)
	}
}

// FailAt notes a mistake at a dotted key below this node. Where the file has
// no such key it is placed at the inherited one, else at the nearest parent of
// either. Nothing is added where the value could not be read, or where the key
// is missing because it is misspelt.
func (n Node) FailAt(key, format string, args ...any) {
	at := n.find(key)
	if n.base != nil && !at.Exists() {
		inherited := n.base.find(key)
		if inherited.Exists() || inherited.nearDepth-n.base.depth > at.nearDepth-n.depth {
			inherited.quiet = n.quiet
			at = inherited
		}
	}
	if at.excused || at.Exists() && n.doc.unread[at.target()] {
		return
	}
	at.report(format, args...)
}

// Broken reports whether the node, or anything below it, could not be read or
// has an unknown key.
func (n Node) Broken() bool {
	if !n.Exists() || n.depth > MaxDepth || !n.doc.spend(n) {
		return false
	}
	if n.doc.unread[n.target()] || n.doc.meant[n.target()] != nil {
		return true
	}
	for _, below := range append(n.Entries(), n.Items()...) {
		if below.Broken() {
			return true
		}
	}
	return false
}

func (n Node) find(key string) Node {
	for _, step := range steps(key) {
		n = n.step(step)
	}
	return n
}

func (n Node) step(step string) Node {
	i, err := strconv.Atoi(step)
	if err != nil || n.IsMapping() {
		return n.Key(step)
	}
	return n.Item(i)
}

var indexed = regexp.MustCompile(`\[(\d+)\]`)

func steps(key string) []string {
	return strings.FieldsFunc(indexed.ReplaceAllString(key, ".$1"), func(r rune) bool { return r == '.' })
}
