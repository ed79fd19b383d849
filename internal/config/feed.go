package config

import (
	"errors"
	"reflect"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/overlay"
	"github.com/nvpipe/nvpipe/pipeline"
)

// How a camera's view is known.
const (
	ViewFixed     = "fixed"
	ViewEstimated = "estimated"
)

// Feed is one camera with what is to happen to its pictures. Its source has no
// credentials in its URL.
type Feed struct {
	ID            frame.FeedID
	Source        pipeline.Source
	View          string
	Decode        Decode
	Draw          overlay.Config
	Encode        Encode
	Processors    []FeedProcessor
	Continuations []Continuation
	// Config is how patient the feed is.
	Config pipeline.Config
	// At is where the file has it.
	At strict.Position
}

// Equal reports whether two feeds are set the same, wherever they stand.
func (f Feed) Equal(o Feed) bool {
	f.At, o.At = strict.Position{}, strict.Position{}
	return reflect.DeepEqual(f, o)
}

// DefaultFeed is a feed with everything but its source.
func DefaultFeed(id frame.FeedID) Feed {
	f := defaultFeed().feed()
	f.ID = id
	return f
}

// Validate reports every mistake of a feed that was put together by code, each
// with its key; processors are the names of those that exist.
func (f Feed) Validate(processors []string) error {
	var errs []error
	if !nameForm.MatchString(string(f.ID)) {
		errs = append(errs, invalid.Field("", "a feed's id "+nameRule))
	}
	return errors.Join(append(errs, invalid.Under("source", f.Source.Validate()), f.validateSettings(processors))...)
}

// validateSettings reports mistakes in everything but id and source.
func (f Feed) validateSettings(processors []string) error {
	return errors.Join(
		oneOf("view", f.View, ViewFixed, ViewEstimated),
		invalid.Under("decode", f.Decode.Validate()),
		invalid.Under("draw", f.Draw.Validate()),
		invalid.Under("encode", f.Encode.Validate()),
		f.Config.Validate(),
		validateFeedProcessors(f.Processors, processors),
		validateContinuations(f.Continuations),
	)
}

// feedKeys are the keys of a feed.
type feedKeys struct {
	// URL is the short form of source.rtsp.url.
	URL string `yaml:"url"`
	// Source is where the pictures come from: exactly one of rtsp.url,
	// film.path and test.pattern, or the short form url.
	Source pipeline.Source `yaml:"source"`
	// View says how the camera's view is known: fixed, for a camera that does
	// not move, or estimated, by its pictures: one that is turned, covered or
	// blinded is reported, and processors begin anew.
	View string `yaml:"view"`
	// Decode is how the camera's stream becomes pictures.
	Decode Decode `yaml:"decode"`
	// Draw is how the annotated pictures look.
	Draw overlay.Config `yaml:"draw"`
	// Encode is how the annotated pictures become a stream or film; drawing and
	// encoding happen only while somebody watches or a film is written.
	Encode Encode `yaml:"encode"`
	// Processors that get the feed's frames: a list of names, or of mappings
	// with a name and more.
	Processors []FeedProcessor `yaml:"processors"`
	// Continuations are what happens to the results: a list of mappings, each
	// with its type: stream, events or file.
	Continuations []Continuation `yaml:"continuations"`
	// Config is how patient the feed is.
	Config pipeline.Config `yaml:",inline"`
}

func defaultFeed() feedKeys {
	return feedKeys{
		Source: pipeline.DefaultSource(), View: ViewFixed,
		Decode: DefaultDecode(), Draw: overlay.DefaultConfig(), Encode: DefaultEncode(), Config: pipeline.DefaultConfig(),
	}
}

// feed is what the keys say; the short form of the URL is in its place.
func (k feedKeys) feed() Feed {
	if k.URL != "" {
		k.Source.RTSP.URL = k.URL
	}
	return Feed{
		Source: k.Source, View: k.View, Decode: k.Decode, Draw: k.Draw, Encode: k.Encode,
		Processors: k.Processors, Continuations: k.Continuations, Config: k.Config,
	}
}
