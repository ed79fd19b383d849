package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/internal/invalid"
)

// The types of continuations.
const (
	// Stream is the annotated live stream at rtsp://HOST:PORT/FEED; it has no
	// keys of its own.
	Stream = "stream"
	// Events are lines of JSON in a file or on standard output.
	Events = "events"
	// Film is the annotated film in files.
	Film = "file"
)

var continuationTypes = []string{Stream, Events, Film}

// Continuation is one thing that happens to a feed's results. Of the settings
// only those of its Type are used.
type Continuation struct {
	Type   string
	Events eventlog.Config
	Film   film.Config
}

// continuationKeys are the keys of a continuation of any type.
type continuationKeys struct {
	// Type of the continuation; it decides on the other keys. Required.
	Type string `yaml:"type"`
}

// UnmarshalStrict reads a mapping with a type and that type's keys.
func (c *Continuation) UnmarshalStrict(n strict.Node) {
	*c = Continuation{Events: eventlog.DefaultConfig(), Film: film.DefaultConfig()}
	if !n.IsMapping() {
		n.Fail("must be a mapping with a type: %s", strings.Join(continuationTypes, ", "))
		return
	}
	var keys continuationKeys
	n.Key("type").Decode(&keys.Type)
	c.Type = keys.Type
	switch c.Type {
	case Stream:
		n.Decode(&keys)
	case Events:
		n.Decode(&keys, &c.Events)
	case Film:
		n.Decode(&keys, &c.Film)
	case "":
		n.FailAt("type", "must be one of %s; the other keys depend on it", strings.Join(continuationTypes, ", "))
	default:
		n.FailAt("type", "there is no type of continuation %q; %s", c.Type, strict.Suggest(c.Type, continuationTypes))
	}
}

func (c Continuation) validate() error {
	switch c.Type {
	case Events:
		return c.Events.Validate()
	case Film:
		return c.Film.Validate()
	}
	return nil
}

// validateContinuations checks each and that no two get in each other's way.
func validateContinuations(list []Continuation) error {
	var errs []error
	seen := map[string]bool{}
	once := func(key, of, value, text string) {
		if value == "" {
			return // The part has said that it is missing.
		}
		if value = of + filepath.Clean(value); seen[value] {
			errs = append(errs, invalid.Field(key, "%s", text))
		}
		seen[value] = true
	}
	for i, c := range list {
		at := fmt.Sprintf("continuations[%d]", i)
		errs = append(errs, invalid.Under(at, c.validate()))
		switch c.Type {
		case Stream:
			once(at+".type", Stream, Stream, "a feed has one stream; this is the second")
		case Events:
			once(at+".path", Events, c.Events.Path, "this feed's events go to this path already")
		case Film:
			once(at+".dir", Film, c.Film.Dir, "this feed's films go to this folder already")
		}
	}
	return errors.Join(errs...)
}
