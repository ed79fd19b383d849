package pyliteral

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		fail string
	}{
		{"{0: 'person', 1: 'car'}", []string{"person", "car"}, ""},
		{`{1: "driver's cab", 0: 'a "b"'}`, []string{`a "b"`, "driver's cab"}, ""},
		{`{"0": "person", "1": "car"}`, []string{"person", "car"}, ""},
		{"['person', 'car',]", []string{"person", "car"}, ""},
		{"('person',)", []string{"person"}, ""},
		{" {\n\t0 : 'é\\u00e9\\\\' } ", []string{"éé\\"}, ""},
		{"{}", []string{}, ""},
		{"", nil, "it is no list"},
		{"person", nil, "it is no list"},
		{"{0: 'a'", nil, "there must be a comma or }"},
		{"{0: 'a'} x", nil, "more behind"},
		{"{0: 'a', 2: 'b'}", nil, "none is 1"},
		{"{0: 'a', 0: 'b'}", nil, "twice"},
		{"{-1: 'a'}", nil, "no class"},
		{"{99999999999999999999: 'a'}", nil, "no class"},
		{"{0 'a'}", nil, "colon"},
		{"{0: ''}", nil, "empty"},
		{"{0: 'a}", nil, "not closed"},
		{"{0: a}", nil, "in quotes"},
		{"{0: 'a\\q'}", nil, "escape"},
		{"{0: 'a\nb'}", nil, "control"},
		{"[['a']]", nil, "in quotes"},
		{"['" + strings.Repeat("a", maxName+1) + "']", nil, "longer"},
		{"[" + strings.Repeat("'a',", maxItems+1) + "]", nil, "more than"},
		{"['a\xff']", nil, "UTF-8"},
		{strings.Repeat(" ", maxText+1), nil, "at most"},
	} {
		got, err := Names(c.text)
		if c.fail == "" && (err != nil || !slices.Equal(got, c.want)) || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%.40q: %q, %v", c.text, got, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		text string
		want []float64
	}{
		{"[640, 384]", []float64{640, 384}},
		{"(0.485, 0.456, 4.06e-1)", []float64{.485, .456, .406}},
		{"32", []float64{32}},
		{" -1.5 ", []float64{-1.5}},
		{"[]", nil},
		{"", nil}, {"nan", nil}, {"inf", nil}, {"1e999", nil}, {"[1, [2]]", nil}, {"1, 2", nil}, {"1/255", nil}, {"[1 2]", nil}, {"'1'", nil},
	} {
		got, err := Numbers(c.text)
		if !slices.Equal(got, c.want) || (err != nil) != (c.want == nil && c.text != "[]") {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
	if _, err := Integers("[1.5]"); err == nil {
		t.Error("1.5 is a whole number")
	}
	if got, err := Integers("[640, 384]"); err != nil || !slices.Equal(got, []int{640, 384}) {
		t.Errorf("%v, %v", got, err)
	}
}

// What is read is what was written, and nothing bad is ever read.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"{0: 'person', 1: \"a'b\"}", "['a', 'b']", "{'0': 'a'}", "[1, 2]", "{0: '\\x41\\u0042'}", "((((", "{0:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := Names(text)
		if err == nil {
			var again strings.Builder
			again.WriteString("{")
			for i, n := range names {
				if n == "" || len(n) > maxName+utf8.UTFMax || !utf8.ValidString(n) {
					t.Fatalf("%q has the name %q", text, n)
				}
				fmt.Fprintf(&again, "%d: %s, ", i, strconv.Quote(n))
			}
			again.WriteString("}")
			if got, err := Names(again.String()); err != nil || !slices.Equal(got, names) {
				t.Fatalf("%q became %q: %q, %v", text, again.String(), got, err)
			}
		}
		numbers, err := Numbers(text)
		if err == nil && slices.ContainsFunc(numbers, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			t.Fatalf("%q has the numbers %v", text, numbers)
		}
	})
}
