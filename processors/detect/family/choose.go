package family

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Auto lets Choose tell the family.
const Auto = "auto"

// Choose reads a graph as the family that is stated or, with Auto, as the one
// that it clearly is. model is what errors call it. Errors are about the keys
// "family", "model" and those of Options.
func Choose(g Graph, stated, model string) (*Family, Reading, error) {
	f, err := choose(g, stated, model)
	if err != nil {
		return nil, Reading{}, err
	}
	r := f.Read(g)
	if r.Missing != "" {
		return nil, Reading{}, invalid.Field(r.Missing, "must be stated: the names of %s's outputs do not tell (%s)", model, shown(g))
	}
	return f, r, nil
}

func choose(g Graph, stated, model string) (*Family, error) {
	clearly, possibly := fitting(g)
	fit := slices.Concat(clearly, possibly)
	if stated != Auto {
		return accept(g, stated, model, fit)
	}
	switch {
	case len(clearly) == 1:
		return clearly[0], nil
	case len(fit) > 0:
		return nil, invalid.Field("family", "must be stated: %s has %s, which may be %s", model, shown(g), names(fit))
	}
	return nil, invalid.Field("model", "%s is of no family that is known here: it has %s; known are %s", model, shown(g), looks())
}

func fitting(g Graph) (clearly, possibly []*Family) {
	for _, f := range All {
		switch f.Read(g).Fit {
		case Clear:
			clearly = append(clearly, f)
		case Possible:
			possibly = append(possibly, f)
		}
	}
	return clearly, possibly
}

// accept is the family that is stated, if it is among those that fit.
func accept(g Graph, stated, model string, fit []*Family) (*Family, error) {
	is := func(f *Family) bool { return f.Name == stated }
	if i := slices.IndexFunc(fit, is); i >= 0 {
		return fit[i], nil
	}
	i := slices.IndexFunc(All, is)
	if i < 0 {
		return nil, invalid.Field("family", "must be %s or one of %v, is %q", Auto, Names(), stated)
	}
	would := "no family that is known here would fit"
	if len(fit) > 0 {
		would = names(fit) + " would fit"
	}
	r := All[i].Read(g)
	return nil, invalid.Field("family", "%s has %s for an input of %d×%d, but %s has %s; %s",
		stated, All[i].Outputs, r.Width, r.Height, model, shown(g), would)
}

// maxShown bounds how many outputs a message lists.
const maxShown = 8

func shown(g Graph) string {
	values, more := g.Outputs, ""
	if len(values) > maxShown {
		values, more = values[:maxShown], fmt.Sprintf(" and %d more", len(g.Outputs)-maxShown)
	}
	var list []string
	for _, v := range values {
		list = append(list, v.String())
	}
	noun := "the outputs "
	if len(g.Outputs) == 1 {
		noun = "the output "
	}
	return noun + strings.Join(list, ", ") + more
}

func names(families []*Family) string {
	var list []string
	for _, f := range families {
		list = append(list, f.Name)
	}
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
	return list[0]
}

func looks() string {
	var list []string
	for _, f := range All {
		list = append(list, f.Name+" ("+f.Outputs+")")
	}
	return strings.Join(list, "; ")
}
