package strict

import (
	"encoding"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

const (
	taggedStyle  = yaml.TaggedStyle
	sequenceNode = yaml.SequenceNode
	quotedStyle  = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
)

// scalar is a single value as text.
type scalar struct {
	text string
	// shown is the value in a message.
	shown string
	// quoted in the file, so meant as text; never so when a variable was put in.
	quoted bool
	// hidden: the value is from the environment or a secret.
	hidden bool
}

// scalar reads the node's text with its variables put in; want says in a
// message what the value must be.
func (n Node) scalar(want string, secret bool) (scalar, bool) {
	node := n.target()
	switch {
	case isNull(node):
		n.Fail("has no value; it must be %s (or remove the key)", want)
		return scalar{}, false
	case node.Kind != yaml.ScalarNode:
		n.Fail("must be %s, is %s", want, kindName(node))
		return scalar{}, false
	}
	text, used, err := expand(node.Value, n.doc.lookup)
	if err != nil {
		n.Fail("%s", err)
		return scalar{}, false
	}
	s := scalar{text: text, quoted: node.Style&quotedStyle != 0 && !used, hidden: used || secret}
	switch {
	case used:
		s.shown = "what " + redactText(node.Value) + " holds"
		n.doc.scrub.hide(text, redactText(node.Value))
	case secret:
		s.shown = "***"
		n.doc.scrub.hide(text, "***")
	default:
		s.shown = show(text)
		if strings.Contains(text, "://") {
			n.doc.scrub.hide(text, RedactURL(text))
		}
	}
	if text != "" && !used && (secret || hasPassword(text)) && !n.quiet {
		n.doc.literals = append(n.doc.literals, n.Note(""))
	}
	return s, true
}

var passwordQuery = regexp.MustCompile(`(?i)[?&/;](?:[a-z_]*pass[a-z_]*|pwd|token|secret)=[^&]`)

// hasPassword: a URL with user and password before the host or in its query.
func hasPassword(text string) bool {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return false
	}
	at := strings.LastIndexByte(rest, '@')
	return at > 0 && strings.Contains(rest[:at], ":") || passwordQuery.MatchString(rest)
}

func (n Node) decodeText(t reflect.Type, u encoding.TextUnmarshaler) {
	secret := IsSecret(t)
	want := "a value"
	if secret {
		want = "a text"
	}
	s, ok := n.scalar(want, secret)
	if !ok {
		return
	}
	if err := u.UnmarshalText([]byte(s.text)); err != nil {
		if s.hidden {
			n.Fail("is not allowed here: %s", s.shown)
			return
		}
		n.Fail("%s", err)
	}
}

var durationType = reflect.TypeFor[time.Duration]()

func (n Node) decodeScalar(v reflect.Value) {
	if v.Type() == durationType {
		n.decodeDuration(v)
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s, ok := n.scalar("a text", false); ok {
			v.SetString(s.text)
		}
	case reflect.Bool:
		n.decodeBool(v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n.decodeInt(v)
	case reflect.Float32, reflect.Float64:
		n.decodeFloat(v)
	default:
		n.Fail("cannot be set from a file: its Go type is %s", v.Type())
	}
}

func (n Node) decodeBool(v reflect.Value) {
	const want = "true or false"
	s, ok := n.scalar(want, false)
	switch {
	case !ok:
	case !s.quoted && s.text == "true":
		v.SetBool(true)
	case !s.quoted && s.text == "false":
		v.SetBool(false)
	default:
		n.wrong(want, s)
	}
}

func (n Node) decodeInt(v reflect.Value) {
	const want = "a whole number"
	s, ok := n.scalar(want, false)
	if !ok {
		return
	}
	i, err := strconv.ParseInt(s.text, 10, 64)
	switch {
	case err != nil && !strings.HasSuffix(err.Error(), strconv.ErrRange.Error()) || s.quoted:
		n.wrong(want, s)
	case err != nil || v.CanInt() && v.OverflowInt(i) || v.CanUint() && (i < 0 || v.OverflowUint(uint64(i))):
		n.wrong(rangeOf(v.Type()), s)
	case v.CanInt():
		v.SetInt(i)
	default:
		v.SetUint(uint64(i))
	}
}

func rangeOf(t reflect.Type) string {
	bits := t.Bits()
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
		top := uint64(math.MaxUint64) >> (64 - min(bits, 63))
		return "a whole number from 0 to " + strconv.FormatUint(top, 10)
	}
	top := int64(math.MaxInt64) >> (64 - bits)
	return "a whole number from " + strconv.FormatInt(-top-1, 10) + " to " + strconv.FormatInt(top, 10)
}

func (n Node) decodeFloat(v reflect.Value) {
	const want = "a number"
	s, ok := n.scalar(want, false)
	if !ok {
		return
	}
	f, err := strconv.ParseFloat(s.text, 64)
	if err != nil || s.quoted || math.IsNaN(f) || math.IsInf(f, 0) || v.OverflowFloat(f) || strings.ContainsAny(s.text, "xXpP_") {
		n.wrong(want, s)
		return
	}
	v.SetFloat(f)
}

func (n Node) decodeDuration(v reflect.Value) {
	const want = "a duration with its unit, such as 50ms, 5s or 2h"
	s, ok := n.scalar(want, false)
	if !ok {
		return
	}
	d, err := time.ParseDuration(s.text)
	if err != nil {
		n.wrong(want, s)
		return
	}
	v.SetInt(int64(d))
}

func (n Node) wrong(want string, s scalar) {
	if s.quoted {
		n.Fail("must be %s, is the text %s; remove the quotes", want, s.shown)
		return
	}
	n.Fail("must be %s, is %s", want, s.shown)
}
