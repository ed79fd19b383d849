package strict

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	urlInText = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]*`)
	hostPort  = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)
)

// RedactURL keeps a URL's scheme and host and nothing else: cameras take
// passwords before the host, in the query and in the path. When it is not
// certain which part is the host, that is hidden too.
func RedactURL(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || rest == "" {
		return url
	}
	end := strings.IndexAny(rest, "/?#")
	authority, tail := rest, ""
	if end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	// An '@' after the first slash: perhaps that slash is in the password.
	if strings.Contains(tail, "@") || !hostPort.MatchString(host) {
		return scheme + "://***"
	}
	if len(tail) > 1 {
		return scheme + "://" + host + "/…"
	}
	return scheme + "://" + host
}

// redactText is for text that others wrote: a URL in it is cut down when it has
// anything that may be a credential. "rtsp://HOST/PATH" is an explanation.
func redactText(text string) string {
	return urlInText.ReplaceAllStringFunc(text, func(url string) string {
		if strings.ContainsAny(url, "@?&=%") {
			return RedactURL(url)
		}
		return url
	})
}

// show prints a value of the file in a message: short, on one line, quoted, no
// credentials of a URL.
func show(value string) string {
	if strings.Contains(value, "://") {
		value = RedactURL(value)
	}
	const most = 60
	if utf8.RuneCountInString(value) > most {
		value = string([]rune(value)[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

// scrubber hides what was read from secrets, the environment and URLs from
// messages that other packages wrote.
type scrubber struct{ pairs [][2]string }

// hide: value is to be shown as shown. Values of fewer than four bytes are left
// out: replacing them would garble the words of a message and hide little.
func (s *scrubber) hide(value, shown string) {
	if len(value) < 4 || value == shown {
		return
	}
	if slices.ContainsFunc(s.pairs, func(p [2]string) bool { return p[0] == value }) {
		return
	}
	s.pairs = append(s.pairs, [2]string{value, shown})
	if q := fmt.Sprintf("%q", value); q[1:len(q)-1] != value {
		s.pairs = append(s.pairs, [2]string{q[1 : len(q)-1], shown})
	}
}

func (s *scrubber) clean(text string) string {
	// Longest first: a password may be part of a URL that is hidden as a whole.
	slices.SortFunc(s.pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) })
	for _, p := range s.pairs {
		text = strings.ReplaceAll(text, p[0], p[1])
	}
	return redactText(text)
}
