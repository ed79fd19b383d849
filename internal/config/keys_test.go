package config_test

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/config/builtin"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/internal/memory"
	"github.com/nvpipe/nvpipe/internal/rtspout"
	"github.com/nvpipe/nvpipe/internal/units"
)

// table is the keys of one part of the file: those of a struct with its
// defaults.
type table struct {
	name   string
	values any
}

// tables is every part of the file that has keys.
func tables() []table {
	log, metrics, rtsp := config.DefaultLog(), config.DefaultMetrics(), rtspout.DefaultConfig()
	events, films := eventlog.DefaultConfig(), film.DefaultConfig()
	types := builtin.Processors()
	return []table{
		{"log", &log}, {"metrics", &metrics}, {"rtsp", &rtsp}, {"memory", &memory.Config{}},
		{"processors", config.ProcessorKeys()},
		{"type: motion", types["motion"].New()}, {"type: onnx", types["onnx"].New()}, {"type: oip", types["oip"].New()},
		{"feeds", config.FeedKeys()}, {"a feed's processors", config.FeedProcessorKeys()},
		{"type: events", &events}, {"type: file", &films},
	}
}

// row is one key.
type row struct {
	key   string
	field strict.Field
	value reflect.Value
	doc   string
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// rows lists the keys of a struct, those of structs within it dotted.
func rows(t testing.TB, prefix string, v reflect.Value) []row {
	t.Helper()
	var out []row
	last := ""
	for _, f := range strict.Fields(v.Type()) {
		value := fieldValue(v, f)
		doc := fieldDoc(t, f)
		// One comment may be for several fields: "Width and Height in pixels".
		if doc == "" && strings.Contains(last, "`"+f.Name+"`") {
			doc = last
		}
		last = doc
		if f.Go.Type.Kind() == reflect.Struct && !reflect.PointerTo(f.Go.Type).Implements(textUnmarshaler) {
			out = append(out, rows(t, prefix+f.Name+".", value)...)
			continue
		}
		out = append(out, row{prefix + f.Name, f, value, doc})
	}
	return out
}

func fieldValue(v reflect.Value, f strict.Field) reflect.Value {
	for _, candidate := range reflect.VisibleFields(v.Type()) {
		if candidate.Name == f.Go.Name && candidate.Tag == f.Go.Tag {
			return v.FieldByIndex(candidate.Index)
		}
	}
	return inlineValue(v, f)
}

// inlineValue finds a field of an inline struct that has a name of its own.
func inlineValue(v reflect.Value, f strict.Field) reflect.Value {
	for i := range v.NumField() {
		if v.Field(i).Type() == f.Struct {
			return v.Field(i).FieldByName(f.Go.Name)
		}
	}
	panic("no field for the key " + f.Name)
}

func tableRows(t testing.TB, one table) []row { return rows(t, "", reflect.ValueOf(one.values).Elem()) }

const modulePath = "github.com/nvpipe/nvpipe/"

var root = filepath.Join("..", "..")

// comments are the doc comments of a package's struct fields: Type.Field.
var comments = map[string]map[string]string{}

// fieldDoc is a field's comment in the source, in the words of the file: the
// names of Go fields become the keys.
func fieldDoc(t testing.TB, f strict.Field) string {
	t.Helper()
	dir, ours := strings.CutPrefix(f.Struct.PkgPath(), modulePath)
	if !ours {
		t.Fatalf("%s is of another module", f.Struct)
	}
	if comments[dir] == nil {
		comments[dir] = packageComments(t, filepath.Join(root, dir))
	}
	doc := comments[dir][f.Struct.Name()+"."+f.Go.Name]
	for _, sibling := range strict.Fields(f.Struct) {
		if !strings.Contains(sibling.Go.Name, "`") {
			doc = regexp.MustCompile(`\b`+sibling.Go.Name+`\b`).ReplaceAllString(doc, "`"+sibling.Name+"`")
		}
	}
	return strings.ReplaceAll(doc, "``", "`")
}

var docLink = regexp.MustCompile(`,? see \[[^\]]*\]`)

func packageComments(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range s.Fields.List {
					for _, name := range field.Names {
						text := strings.Join(strings.Fields(field.Doc.Text()), " ")
						out[spec.Name.Name+"."+name.Name] = docLink.ReplaceAllString(text, "")
					}
				}
			}
			return false
		})
	}
	return out
}

// kind is the type of a value in the words of the documentation.
func kind(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[units.Bytes]():
		return "size"
	case strict.IsSecret(t):
		return "secret"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true, false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "list of texts"
		}
		return "list"
	case reflect.Map:
		return "mapping"
	}
	return "text"
}

// shown is a default value as it is written in the file.
func shown(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case string:
		if x == "" {
			return `""`
		}
		return x
	case time.Duration:
		return duration(x)
	case fmt.Stringer:
		if s := x.String(); s != "" {
			return s
		}
		return `""`
	}
	switch v.Kind() {
	case reflect.Slice:
		return strings.ReplaceAll(fmt.Sprint(v.Interface()), " ", ", ")
	case reflect.Map:
		return "{}"
	}
	return fmt.Sprint(v.Interface())
}

// duration is as people write it: 10m, not 10m0s.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// A field without a tag cannot be set, one with a misspelt tag neither, and
// nobody would notice.
func TestEveryFieldHasItsKey(t *testing.T) {
	for _, one := range append(tables(), table{"the file", config.FileKeys()}, table{"a continuation", config.ContinuationKeys()}) {
		checkTags(t, one.name, reflect.TypeOf(one.values).Elem(), map[reflect.Type]bool{})
		seen := map[string]bool{}
		for _, r := range tableRows(t, one) {
			if seen[r.key] {
				t.Errorf("%s: two fields have the key %s", one.name, r.key)
			}
			seen[r.key] = true
			if r.doc == "" {
				t.Errorf("%s: %s has no comment in %s, so it has no documentation", one.name, r.key, r.field.Struct)
			}
		}
	}
}

func checkTags(t *testing.T, table string, of reflect.Type, seen map[reflect.Type]bool) {
	if seen[of] {
		return
	}
	seen[of] = true
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported():
			t.Errorf("%s: the field %s.%s is not exported and cannot be set", table, of, f.Name)
		case strings.Contains(options, "inline"):
		case !snakeCase.MatchString(name):
			t.Errorf("%s: the field %s.%s has the key %q, which is not snake_case", table, of, f.Name, name)
		}
		if f.Type.Kind() == reflect.Struct && strings.HasPrefix(f.Type.PkgPath(), modulePath) && !reflect.PointerTo(f.Type).Implements(textUnmarshaler) &&
			!reflect.PointerTo(f.Type).Implements(reflect.TypeFor[strict.Unmarshaler]()) {
			checkTags(t, table, f.Type, seen)
		}
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
