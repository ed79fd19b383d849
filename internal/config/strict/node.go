package strict

import (
	"fmt"
	"regexp"
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
}

// Exists reports whether the file has this node.
func (n Node) Exists() bool { return n.node != nil }

// Path is the dotted key path, such as feeds.door.continuations[0].type.
func (n Node) Path() string { return n.path }

// Line is the line of the node, from 1; 0 when it does not exist.
func (n Node) Line() int {
	if n.node == nil {
		return 0
	}
	line, _ := n.position()
	return line
}

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
// there is none.
func (n Node) Key(name string) Node {
	for _, p := range n.pairs() {
		if p.key.Value == name {
			return n.child(p.key, p.value)
		}
	}
	return Node{doc: n.doc, path: join(n.path, name), depth: n.depth + 1, quiet: n.quiet}
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

// position is where a person looks: at the value if it is on the key's line,
// else at the key.
func (n Node) position() (line, column int) {
	at := n.key
	if t := n.target(); t != nil && (at == nil || t.Kind == yaml.ScalarNode && !isNull(t)) {
		at = t
	}
	if at == nil || at.Line == 0 {
		return 1, 1
	}
	return at.Line, at.Column
}

// Fail notes a mistake at this node.
func (n Node) Fail(format string, args ...any) {
	if n.quiet {
		return
	}
	line, column := n.position()
	n.doc.mistakes.add(Mistake{n.doc.file, line, column, n.path, fmt.Sprintf(format, args...)})
}

// failKey notes a mistake at a key of the mapping itself, not at its value.
func (n Node) failKey(key *yaml.Node, format string, args ...any) {
	if n.quiet {
		return
	}
	n.doc.mistakes.add(Mistake{n.doc.file, key.Line, key.Column, join(n.path, key.Value), fmt.Sprintf(format, args...)})
}
