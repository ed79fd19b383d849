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

// Report notes each error of a Validate method at its key: a tree of joined
// and wrapped errors whose leaves may have Key() and Text().
func (n Node) Report(err error) {
	switch e := err.(type) {
	case nil:
	case keyed:
		n.FailAt(e.Key(), "%s", e.Text())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			n.Report(one)
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			n.Report(inner)
			return
		}
		n.Fail("%s", err)
	default:
		n.Fail("%s", err)
	}
}

// FailAt notes a mistake at a dotted key below this node. Where the file has
// no such key it is placed at the inherited one, else at the nearest parent.
func (n Node) FailAt(key, format string, args ...any) {
	at, found := n.find(key)
	if !found && n.base != nil {
		if inherited, ok := n.base.find(key); ok {
			inherited.quiet = n.quiet
			at = inherited
		}
	}
	at.Fail(format, args...)
}

// find returns the node at a dotted key, or its nearest parent with the key's
// full path.
func (n Node) find(key string) (at Node, found bool) {
	at, found = n, n.Exists()
	for _, step := range steps(key) {
		next := at.step(step)
		if found = found && next.Exists(); found {
			at = next
		} else {
			at.path = next.path
		}
	}
	return at, found
}

func (n Node) step(step string) Node {
	i, err := strconv.Atoi(step)
	if err != nil {
		return n.Key(step)
	}
	if items := n.Items(); i >= 0 && i < len(items) {
		return items[i]
	}
	return n.item(i, nil)
}

var indexed = regexp.MustCompile(`\[(\d+)\]`)

func steps(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(indexed.ReplaceAllString(key, ".$1"), "."), ".")
}
