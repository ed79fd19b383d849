package strict

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"gopkg.in/yaml.v3"
)

// maxVisits bounds the nodes looked at, aliases expanded: 128 full feeds take
// about 30,000, twice with their defaults.
const maxVisits = 200_000

// Options says how a Document is decoded. The zero value is the process's own
// environment and no element defaults.
type Options struct {
	// LookupEnv finds the environment variables of ${NAME}; nil: os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Defaults are functions func() T. A new T that is made while decoding (the
	// target of a nil pointer, an element of a list or a map) starts from it.
	Defaults []any
}

// Document is one parsed file and everything found wrong with it so far.
type Document struct {
	file     string
	root     *yaml.Node
	lookup   func(string) (string, bool)
	defaults map[reflect.Type]reflect.Value

	mistakes collector
	scrub    scrubber
	visits   int
	literals []Mistake
	// unread are the values that did not decode; what is set in their place is
	// a default that nobody wrote.
	unread map[*yaml.Node]bool
	// meant are the keys that a mapping's unknown keys look like.
	meant map[*yaml.Node][]string
}

// Parse reads YAML text; file is what messages call it, and relative secret
// files are looked for beside it. What is wrong with the text is in Err.
func Parse(file string, data []byte, o Options) *Document {
	d := &Document{file: file, lookup: o.LookupEnv, defaults: map[reflect.Type]reflect.Value{}, unread: map[*yaml.Node]bool{}, meant: map[*yaml.Node][]string{}}
	if d.lookup == nil {
		d.lookup = os.LookupEnv
	}
	for _, f := range o.Defaults {
		v := reflect.ValueOf(f)
		d.defaults[v.Type().Out(0)] = v
	}
	root, bad := parse(file, data)
	for _, m := range bad {
		d.mistakes.add(m)
	}
	d.root = root
	return d
}

// Root is the file's outermost node; it does not exist when the text is not
// YAML.
func (d *Document) Root() Node { return Node{doc: d, node: d.root} }

// Dir is the directory that relative paths in the file are relative to.
func (d *Document) Dir() string { return filepath.Dir(d.file) }

// Err is nil, or all [Mistakes] in the order of the file.
func (d *Document) Err() error {
	if len(d.mistakes.list) == 0 {
		return nil
	}
	list := append(Mistakes(nil), d.mistakes.list...)
	for i := range list {
		list[i].Text = d.scrub.clean(list[i].Text)
		list[i].Key = d.scrub.clean(list[i].Key)
	}
	list.sort()
	return list
}

// Literals are the places where a secret stands in the file itself, as opposed
// to ${NAME} or a file.
func (d *Document) Literals() []Mistake { return d.literals }

// Note is a remark about this node that is no mistake: a warning.
func (n Node) Note(format string, args ...any) Mistake {
	line, column := n.position()
	return Mistake{n.doc.file, line, column, n.path, n.doc.scrub.clean(fmt.Sprintf(format, args...))}
}

// Add notes a mistake that was found outside the nodes.
func (d *Document) Add(m Mistake) { d.mistakes.add(m) }

// spend counts one visit and reports whether the document may go on.
func (d *Document) spend(n Node) bool {
	if d.visits > maxVisits || d.mistakes.full {
		return false
	}
	if d.visits++; d.visits > maxVisits {
		n.Fail("the file grows too large when its aliases (*name) are followed")
		return false
	}
	return true
}

// fresh returns a settable T that holds its defaults.
func (d *Document) fresh(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	if f, ok := d.defaults[t]; ok {
		v.Set(f.Call(nil)[0])
	}
	return v
}
