package config

import (
	"fmt"
	"strings"
)

// String names the feed, its camera's address, processors and continuations.
func (f Feed) String() string {
	var parts []string
	for _, p := range f.Processors {
		parts = append(parts, p.Name)
	}
	for _, c := range f.Continuations {
		parts = append(parts, c.Type)
	}
	return fmt.Sprintf("feed %s (%v) → %s", f.ID, f.Source, strings.Join(parts, ", "))
}

// Format prints String whatever the verb: a camera's path and query may hold
// a password that no type marks.
func (f Feed) Format(s fmt.State, _ rune) { fmt.Fprint(s, f.String()) }

// String is a line for each processor and feed.
func (c Config) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "config %s\n", c.File)
	for _, p := range c.Processors {
		fmt.Fprintf(&b, "processor %s (%s)\n", p.Name, p.Type)
	}
	for _, f := range c.Feeds {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// Format prints String whatever the verb.
func (c Config) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.String()) }
