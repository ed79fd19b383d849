package strict

import (
	"reflect"
	"strings"
	"sync"
)

// Field is one key that a struct takes.
type Field struct {
	// Name is the key.
	Name string
	// Struct is the type that has the Go field, Go the field itself.
	Struct reflect.Type
	Go     reflect.StructField

	index []int
}

// FileSuffix makes the key of a secret's file from the key of the secret.
const FileSuffix = "_file"

type revealer interface{ Reveal() string }

var revealerType = reflect.TypeFor[revealer]()

// IsSecret reports whether values of the type must never be shown.
func IsSecret(t reflect.Type) bool {
	return t.Implements(revealerType) || reflect.PointerTo(t).Implements(revealerType)
}

// Fields lists the keys of a struct type, inline structs flattened, in the
// order of their declaration. Fields without a yaml tag, and those tagged "-",
// have no key.
func Fields(t reflect.Type) []Field {
	if known, ok := fieldsOf.Load(t); ok {
		return known.([]Field)
	}
	out := listFields(t)
	fieldsOf.Store(t, out)
	return out
}

// fieldsOf keeps what was found by reflection: the same few types come again
// for every feed.
var fieldsOf sync.Map // reflect.Type → []Field

func listFields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline, ok := key(f)
		switch {
		case !ok:
		case inline:
			for _, inner := range listFields(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
		default:
			out = append(out, Field{Name: name, Struct: t, Go: f, index: []int{i}})
		}
	}
	return out
}

func key(f reflect.StructField) (name string, inline, ok bool) {
	tag, tagged := f.Tag.Lookup("yaml")
	if !tagged || tag == "-" || !f.IsExported() {
		return "", false, false
	}
	name, options, _ := strings.Cut(tag, ",")
	inline = strings.Contains(options, "inline") && f.Type.Kind() == reflect.Struct
	return name, inline, inline || name != ""
}
