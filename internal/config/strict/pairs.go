package strict

import "gopkg.in/yaml.v3"

type pair struct{ key, value *yaml.Node }

// pairs are a mapping's keys and values: its own in order, then those of its
// merge keys (<<), which never replace its own.
func (n Node) pairs() []pair {
	if !n.IsMapping() {
		return nil
	}
	var out []pair
	n.gather(n.target(), n.depth, map[string]*yaml.Node{}, &out)
	return out
}

func (n Node) gather(mapping *yaml.Node, depth int, seen map[string]*yaml.Node, out *[]pair) {
	if depth > MaxDepth || !n.doc.spend(n) {
		return
	}
	var merges []*yaml.Node
	own := map[string]bool{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			n.failKey(&yaml.Node{Line: key.Line, Column: key.Column, Value: "?"}, "a key must be a plain name, is %s", kindName(key))
		case key.Tag == "!!merge":
			merges = append(merges, value)
		case own[key.Value]:
			n.failKey(key, "this key stands here twice, first in line %d; remove one", seen[key.Value].Line)
		case seen[key.Value] != nil:
			// Merged, and the mapping it is merged into has its own.
		default:
			own[key.Value], seen[key.Value] = true, key
			*out = append(*out, pair{key, value})
		}
	}
	for _, m := range merges {
		n.merge(m, depth+1, seen, out)
	}
}

func (n Node) merge(from *yaml.Node, depth int, seen map[string]*yaml.Node, out *[]pair) {
	if from.Kind == yaml.AliasNode {
		from = from.Alias
	}
	switch from.Kind {
	case yaml.MappingNode:
		n.gather(from, depth, seen, out)
	case yaml.SequenceNode:
		if depth > MaxDepth {
			return
		}
		for _, item := range from.Content {
			n.merge(item, depth+1, seen, out)
		}
	default:
		n.failKey(&yaml.Node{Line: from.Line, Column: from.Column, Value: "<<"}, "what is merged must be a mapping, is %s", kindName(from))
	}
}

// kindName says what a node is, without its value.
func kindName(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return kindName(node.Alias)
	}
	if isNull(node) {
		return "empty"
	}
	return "a single value"
}
