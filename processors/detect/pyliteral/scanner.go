package pyliteral

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads a text from the front; space between tokens means nothing.
type scanner struct {
	text string
	at   int
}

func open(text string) (*scanner, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%d bytes, at most %d are read", len(text), maxText)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	return &scanner{text: text}, nil
}

// peek is the next byte that is no space; 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) atEnd() bool { return s.peek() == 0 && s.at == len(s.text) }

// takes steps over c, if it comes next.
func (s *scanner) takes(c byte) bool {
	if s.atEnd() || s.peek() != c {
		return false
	}
	s.at++
	return true
}

// list reads a list or a tuple.
func (s *scanner) list(item func() error) error {
	switch {
	case s.takes('['):
		return s.items(']', item)
	case s.takes('('):
		return s.items(')', item)
	}
	return errors.New("it is no list")
}

// items reads what is between commas up to end. A comma may be the last.
func (s *scanner) items(end byte, item func() error) error {
	for n := 0; !s.takes(end); n++ {
		if n == maxItems {
			return fmt.Errorf("more than %d items", maxItems)
		}
		if err := item(); err != nil {
			return err
		}
		if !s.takes(',') && s.peek() != end {
			return fmt.Errorf("there must be a comma or %c", end)
		}
	}
	return nil
}

// word is the letters, digits and signs that come next, possibly none.
func (s *scanner) word() string {
	s.peek()
	rest := s.text[s.at:]
	n := strings.IndexFunc(rest, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+-._", r))
	})
	if n < 0 {
		n = len(rest)
	}
	s.at += n
	return rest[:n]
}

func (s *scanner) number() (float64, error) {
	word := s.word()
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%.20q is no number", word)
	}
	return v, nil
}

// quoted reads a string in either kind of quotes.
func (s *scanner) quoted() (string, error) {
	quote := s.peek()
	if quote != '\'' && quote != '"' {
		return "", errors.New("there must be a name in quotes")
	}
	rest := s.text[s.at+1:]
	var name strings.Builder
	for rest != "" && rest[0] != quote {
		r, _, tail, err := strconv.UnquoteChar(rest, quote)
		if err != nil {
			return "", errors.New("a name has an escape that cannot be read")
		}
		if r < ' ' {
			return "", errors.New("a name has a control character")
		}
		if name.WriteRune(r); name.Len() > maxName {
			return "", fmt.Errorf("a name is longer than %d bytes", maxName)
		}
		rest = tail
	}
	if rest == "" {
		return "", errors.New("a name's quotes are not closed")
	}
	s.at = len(s.text) - len(rest) + 1
	return name.String(), nil
}
