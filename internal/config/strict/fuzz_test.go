package strict

import (
	"errors"
	"testing"
	"time"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"text: a\ncount: 5\nby_name: {x: {port: 2}}\n", "servers:\n- host: h\n  port: ${PORT}\n",
		"by_name:\n  b: &b {host: h}\n  c: {<<: *b}\n", "password: ${PW}\nlabels: {a: \"b\"}\n", "a: [\n", "a: &a [*a]",
		"corner: [1, 2]\nwait: 5s\nsize: 1MiB\n# comment\n", "---\n...\n---\n", "? a\n: b\n", "text: |\n  x\n  y\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		d := Parse("f", data, options)
		v := defaults()
		d.Root().Decode(&v)
		err := d.Err()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		var all Mistakes
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("%T is not Mistakes", err)
		}
		for _, m := range all {
			if m.File == "" || m.Line < 1 || m.Column < 1 || m.Text == "" {
				t.Errorf("a mistake without its place: %+v", m)
			}
		}
	})
}
