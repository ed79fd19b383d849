// Package pyliteral reads the flat lists and dicts, written as Python's
// literals or as JSON, that exporters put into a model's metadata:
//
//	{0: 'person', 1: "driver's cab"}    ['person', 'car']    [640, 640]    0.5
//
// It is strict: what is not wholly understood is an error, and so is a text or
// a list beyond what models have.
package pyliteral

import (
	"errors"
	"fmt"
	"strconv"
)

// Bounds of what is read.
const (
	maxText  = 1 << 20
	maxItems = 1 << 16
	maxName  = 256
)

var errRest = errors.New("there is more behind its end")

// Names reads a list of names, or a dict of them by class, which must have
// every class from 0. No name is empty.
func Names(text string) ([]string, error) {
	s, err := open(text)
	if err != nil {
		return nil, err
	}
	var names []string
	if s.takes('{') {
		names, err = s.byClass()
	} else {
		err = s.list(func() error {
			name, err := s.name()
			names = append(names, name)
			return err
		})
	}
	if err == nil && !s.atEnd() {
		err = errRest
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", s.at, err)
	}
	return names, nil
}

// Numbers reads a number, or a list of them; all are finite.
func Numbers(text string) ([]float64, error) {
	s, err := open(text)
	if err != nil {
		return nil, err
	}
	var all []float64
	one := func() error {
		v, err := s.number()
		all = append(all, v)
		return err
	}
	if s.peek() == '[' || s.peek() == '(' {
		err = s.list(one)
	} else {
		err = one()
	}
	if err == nil && !s.atEnd() {
		err = errRest
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", s.at, err)
	}
	return all, nil
}

// Integers reads a whole number, or a list of them, each within ±2³¹.
func Integers(text string) ([]int, error) {
	numbers, err := Numbers(text)
	if err != nil {
		return nil, err
	}
	all := make([]int, len(numbers))
	for i, v := range numbers {
		if v != float64(int32(v)) {
			return nil, fmt.Errorf("%v is no whole number", v)
		}
		all[i] = int(v)
	}
	return all, nil
}

// byClass reads the rest of a dict: a class, a colon and a name, any number of
// times.
func (s *scanner) byClass() ([]string, error) {
	byClass := map[int]string{}
	err := s.items('}', func() error {
		class, err := s.class()
		if err != nil {
			return err
		}
		if !s.takes(':') {
			return fmt.Errorf("there must be a colon behind class %d", class)
		}
		if _, twice := byClass[class]; twice {
			return fmt.Errorf("class %d is there twice", class)
		}
		byClass[class], err = s.name()
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(byClass))
	for i := range names {
		name, ok := byClass[i]
		if !ok {
			return nil, fmt.Errorf("there are %d classes, but none is %d", len(names), i)
		}
		names[i] = name
	}
	return names, nil
}

// class reads a class's number, which JSON has in quotes.
func (s *scanner) class() (int, error) {
	text := s.word()
	if c := s.peek(); text == "" && (c == '"' || c == '\'') {
		var err error
		if text, err = s.quoted(); err != nil {
			return 0, err
		}
	}
	class, err := strconv.Atoi(text)
	if err != nil || class < 0 || class >= maxItems {
		return 0, fmt.Errorf("%.20q is no class", text)
	}
	return class, nil
}

func (s *scanner) name() (string, error) {
	name, err := s.quoted()
	if err == nil && name == "" {
		err = errors.New("a name is empty")
	}
	return name, err
}
