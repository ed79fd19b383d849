package strict

import (
	"fmt"
	"regexp"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces each ${NAME} by its environment variable and $${ by ${.
// used reports whether a variable was put in.
func expand(text string, lookup func(string) (string, bool)) (out string, used bool, err error) {
	if !strings.Contains(text, "${") {
		return text, false, nil
	}
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			return b.String(), used, nil
		}
		if i > 0 && text[i-1] == '$' {
			b.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		b.WriteString(text[:i])
		name, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed || !envName.MatchString(name) {
			return "", used, fmt.Errorf("has ${ without a variable's name and }; write ${NAME}, or $${ for a plain ${")
		}
		value, set := lookup(name)
		if !set {
			return "", used, fmt.Errorf("the environment variable %s is not set", name)
		}
		if b.WriteString(value); b.Len() > MaxFile {
			return "", true, fmt.Errorf("is larger than 1 MiB with its environment variables")
		}
		text, used = rest, true
	}
}
