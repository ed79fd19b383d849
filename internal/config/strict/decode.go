package strict

import (
	"encoding"
	"reflect"

	"gopkg.in/yaml.v3"
)

// Unmarshaler is a type that reads itself from a node; it reports mistakes
// with Fail.
type Unmarshaler interface{ UnmarshalStrict(Node) }

// Decode reads the node into the targets, pointers to values that hold their
// defaults. Several targets must be structs: the node's keys are shared out
// among them by name. A node that does not exist changes nothing.
func (n Node) Decode(targets ...any) {
	if !n.Exists() {
		return
	}
	values := make([]reflect.Value, len(targets))
	for i, t := range targets {
		values[i] = reflect.ValueOf(t).Elem()
	}
	if len(values) == 1 {
		n.decode(values[0])
		return
	}
	n.decodeStructs(values)
}

func (n Node) decode(v reflect.Value) {
	if !n.enter() {
		return
	}
	switch u := v.Addr().Interface().(type) {
	case Unmarshaler:
		u.UnmarshalStrict(n)
		return
	case encoding.TextUnmarshaler:
		n.decodeText(v.Type(), u)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		n.decodePointer(v)
	case reflect.Struct:
		n.decodeStructs([]reflect.Value{v})
	case reflect.Map:
		n.decodeMap(v)
	case reflect.Slice, reflect.Array:
		n.decodeList(v)
	default:
		n.decodeScalar(v)
	}
}

// enter checks the bounds before a node is looked at.
func (n Node) enter() bool {
	if !n.doc.spend(n) {
		return false
	}
	if n.depth > MaxDepth {
		n.Fail("is nested deeper than %d levels, or an alias contains itself", MaxDepth)
		return false
	}
	if style := n.target(); style.Style&taggedStyle != 0 {
		n.Fail("YAML tags (!name) are not used here; remove it")
		return false
	}
	return true
}

// decodePointer decodes into a copy: the default that the pointer pointed to
// may be shared.
func (n Node) decodePointer(v reflect.Value) {
	fresh := n.doc.fresh(v.Type().Elem())
	if !v.IsNil() {
		fresh.Set(v.Elem())
	}
	n.decode(fresh)
	v.Set(fresh.Addr())
}

func (n Node) decodeStructs(values []reflect.Value) {
	if !n.IsMapping() && !n.IsNull() {
		n.Fail("must be a mapping of keys and values, is %s", kindName(n.target()))
		return
	}
	table := newTable(values)
	for _, p := range n.pairs() {
		child := n.child(p.key, p.value)
		switch entry, ok := table.entries[p.key.Value]; {
		case !ok:
			n.unknownKey(p.key, table.names)
		case entry.secretFile:
			child.decodeSecretFile(entry.value)
			if of := p.key.Value[:len(p.key.Value)-len(FileSuffix)]; n.Key(of).Exists() {
				child.Fail("%s stands here too; give one of the two", of)
			}
		default:
			child.decode(entry.value)
		}
	}
}

func (n Node) unknownKey(key *yaml.Node, allowed []string) {
	n.doc.meant[n.target()] = append(n.doc.meant[n.target()], nearest(key.Value, allowed))
	n.failKey(key, "unknown key; %s", Suggest(key.Value, allowed))
}

type tableEntry struct {
	value      reflect.Value
	secretFile bool
}

type table struct {
	names   []string
	entries map[string]tableEntry
}

func newTable(values []reflect.Value) *table {
	t := &table{entries: map[string]tableEntry{}}
	for _, v := range values {
		for _, f := range Fields(v.Type()) {
			field := v.FieldByIndex(f.index)
			t.put(f.Name, tableEntry{value: field})
			if IsSecret(f.Go.Type) {
				t.put(f.Name+FileSuffix, tableEntry{field, true})
			}
		}
	}
	return t
}

func (t *table) put(name string, e tableEntry) {
	old, taken := t.entries[name]
	if taken && !old.secretFile {
		return // A struct may have a field of its own for the secret's file.
	}
	if !taken {
		t.names = append(t.names, name)
	}
	t.entries[name] = e
}

func (n Node) decodeMap(v reflect.Value) {
	if !n.IsMapping() && !n.IsNull() {
		n.Fail("must be a mapping of names and values, is %s", kindName(n.target()))
		return
	}
	merged := reflect.MakeMap(v.Type())
	for _, k := range v.MapKeys() {
		merged.SetMapIndex(k, v.MapIndex(k))
	}
	for _, child := range n.Entries() {
		name := reflect.ValueOf(child.Name()).Convert(v.Type().Key())
		element := n.doc.fresh(v.Type().Elem())
		if old := merged.MapIndex(name); old.IsValid() {
			element.Set(old)
		}
		child.decode(element)
		merged.SetMapIndex(name, element)
	}
	if merged.Len() > 0 {
		v.Set(merged)
	}
}

func (n Node) decodeList(v reflect.Value) {
	items := n.Items()
	if items == nil && !n.IsNull() && n.target().Kind != sequenceNode {
		n.Fail("must be a list (- item), is %s", kindName(n.target()))
		return
	}
	if v.Kind() == reflect.Slice {
		// An empty list is nil: what means the same compares equal.
		v.SetZero()
		if len(items) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		}
	} else if len(items) != v.Len() {
		n.Fail("must be a list of %d values, has %d", v.Len(), len(items))
		return
	}
	for i, item := range items {
		v.Index(i).Set(n.doc.fresh(v.Type().Elem()))
		item.decode(v.Index(i))
	}
}
