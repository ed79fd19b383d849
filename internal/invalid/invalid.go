// Package invalid is how every package reports a mistake in its configuration:
// one error per mistake, each naming its key, so that the loader can add file,
// line and column.
package invalid

import (
	"errors"
	"fmt"
)

// Error is one mistake at one key of a configuration.
type Error struct {
	key, text string
}

// Field says that the value at key (dotted, relative to the Config validated)
// is wrong and what is allowed: `must be 1–1024, is 0`.
func Field(key, format string, args ...any) error {
	return &Error{key, fmt.Sprintf(format, args...)}
}

// Key is the dotted path of the mistake, relative to the Config validated.
func (e *Error) Key() string { return e.key }

// Text is the message without the key.
func (e *Error) Text() string { return e.text }

func (e *Error) Error() string { return e.key + ": " + e.text }

// Under puts a key in front of the keys of every mistake in err, which is what
// a part's Validate returned; nil stays nil.
func Under(key string, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return &Error{key + "." + e.key, e.text}
	case interface{ Unwrap() []error }:
		var errs []error
		for _, one := range e.Unwrap() {
			errs = append(errs, Under(key, one))
		}
		return errors.Join(errs...)
	}
	return &Error{key, err.Error()}
}
