package strict

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Node is a value of the file with its key path, or the place where one is
// missing. Its methods work on a node that does not exist, so that a chain of
// lookups needs no checks.
type Node struct {
	doc  *Document
	node *yaml.Node // nil: does not exist
	key  *yaml.Node // the key it stands under; nil for the root and list items
	path string
	// depth counts mappings and lists from the root, through aliases too, so
	// that an alias inside its own anchor comes to an end.
	depth int
	quiet bool
	base  *Node
	// near is where to look for a node that does not exist: its nearest parent.
	near *yaml.Node
	// nearDepth is near's depth below the root.
	nearDepth int
	// excused: the node does not exist, and no wonder: its parent could not be
	// read, or has an unknown key that looks like it.
	excused bool
}

// Exists reports whether the file has this node.
func (n Node) Exists() bool { return n.node != nil }

// Path is the dotted key path, such as feeds.door.continuations[0].type.
func (n Node) Path() string { return n.path }

// Quiet is the node with all mistakes in it passed over: for a value that is
// decoded a second time.
func (n Node) Quiet() Node {
	n.quiet = true
	return n
}

// Inherits says where the node's values come from when it lacks a key, so that
// a mistake in an inherited value is reported where the value stands.
func (n Node) Inherits(base Node) Node {
	n.base = &base
	return n
}

func (n Node) target() *yaml.Node {
	if n.node != nil && n.node.Kind == yaml.AliasNode {
		return n.node.Alias
	}
	return n.node
}

// IsMapping reports whether the node is a mapping.
func (n Node) IsMapping() bool { return n.Exists() && n.target().Kind == yaml.MappingNode }

// IsScalar reports whether the node is a single value, null excluded.
func (n Node) IsScalar() bool {
	return n.Exists() && n.target().Kind == yaml.ScalarNode && !n.IsNull()
}

// IsNull reports whether the key has no value, as in `test:`.
func (n Node) IsNull() bool { return n.Exists() && isNull(n.target()) }

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Style == 0
}

// Key is the value under a key of a mapping; a node that does not exist when
// there is none. What a node inherits from, its keys inherit from too.
func (n Node) Key(name string) Node {
	child := n.missing(join(n.path, name))
	for _, p := range n.pairs() {
		if p.key.Value == name {
			child = n.child(p.key, p.value)
			break
		}
	}
	child.excused = child.excused || slices.Contains(n.doc.meant[n.target()], name)
	if n.base != nil {
		base := n.base.Key(name)
		child.base = &base
	}
	return child
}

// missing is a node below n that the file does not have.
func (n Node) missing(path string) Node {
	m := Node{doc: n.doc, path: path, depth: n.depth + 1, quiet: n.quiet, near: n.near, nearDepth: n.nearDepth, excused: n.excused}
	if n.Exists() {
		m.near, m.nearDepth, m.excused = n.place(), n.depth, n.doc.unread[n.target()]
	}
	return m
}

// Entries are the values of a mapping in the order of the file, merged ones
// last; Name gives each one's key.
func (n Node) Entries() []Node {
	pairs := n.pairs()
	out := make([]Node, len(pairs))
	for i, p := range pairs {
		out[i] = n.child(p.key, p.value)
	}
	return out
}

// Name is the key that the node stands under.
func (n Node) Name() string {
	if n.key == nil {
		return ""
	}
	return n.key.Value
}

// Items are the values of a list.
func (n Node) Items() []Node {
	if !n.Exists() || n.target().Kind != yaml.SequenceNode {
		return nil
	}
	content := n.target().Content
	out := make([]Node, len(content))
	for i, c := range content {
		out[i] = n.item(i, c)
	}
	return out
}

// Item is one value of a list; a node that does not exist when there is none.
// Lists are inherited as a whole.
func (n Node) Item(i int) Node {
	if items := n.Items(); i >= 0 && i < len(items) {
		return items[i]
	}
	item := n.missing(n.path + "[" + strconv.Itoa(i) + "]")
	if !n.Exists() && n.base != nil {
		base := n.base.Item(i)
		item.base = &base
	}
	return item
}

func (n Node) child(key, value *yaml.Node) Node {
	return Node{doc: n.doc, node: value, key: key, path: join(n.path, key.Value), depth: n.depth + 1, quiet: n.quiet}
}

func (n Node) item(i int, value *yaml.Node) Node {
	return Node{doc: n.doc, node: value, path: n.path + "[" + strconv.Itoa(i) + "]", depth: n.depth + 1, quiet: n.quiet}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = show(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// place is where a person looks: at a single value itself, else at the key.
func (n Node) place() *yaml.Node {
	t := n.target()
	if n.key == nil || t != nil && t.Kind == yaml.ScalarNode && !isNull(t) {
		return t
	}
	return n.key
}

func (n Node) position() (line, column int) {
	at := n.near
	if n.Exists() {
		at = n.place()
	}
	if at == nil || at.Line == 0 {
		return 1, 1
	}
	return at.Line, at.Column
}

// Fail notes a mistake at this node: its value cannot be read.
func (n Node) Fail(format string, args ...any) {
	if t := n.target(); t != nil {
		n.doc.unread[t] = true
	}
	n.report(format, args...)
}

func (n Node) report(format string, args ...any) {
	if n.quiet {
		return
	}
	line, column := n.position()
	n.doc.mistakes.add(Mistake{n.doc.file, line, column, n.path, fmt.Sprintf(format, args...)})
}

// Position is where the node stands in the file, from 1.
type Position struct{ Line, Column int }

// Position is where the node stands, or its nearest parent when it does not
// exist.
func (n Node) Position() Position {
	line, column := n.position()
	return Position{line, column}
}

// FailKey notes that the key the node stands under is itself wrong.
func (n Node) FailKey(format string, args ...any) {
	n.node = n.key
	n.report(format, args...)
}

// failKey notes a mistake at a key of the mapping itself, not at its value.
func (n Node) failKey(key *yaml.Node, format string, args ...any) {
	if n.quiet {
		return
	}
	n.doc.mistakes.add(Mistake{n.doc.file, key.Line, key.Column, join(n.path, key.Value), fmt.Sprintf(format, args...)})
}
