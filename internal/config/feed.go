package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/overlay"
	"github.com/nvpipe/nvpipe/pipeline"
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
		oneOf("view", f.View, "fixed"),
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
	// not move.
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
		Source: pipeline.DefaultSource(), View: "fixed",
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

// FeedProcessor is what one feed asks of one processor.
type FeedProcessor struct {
	// Name of the processor. Required.
	Name                     string `yaml:"name"`
	pipeline.ProcessorConfig `yaml:",inline"`
	// Weight is the feed's share when there is not enough for all, 0.1–10.
	Weight float64 `yaml:"weight"`
}

// DefaultFeedProcessor is what a bare name in the list means.
func DefaultFeedProcessor() FeedProcessor {
	return FeedProcessor{ProcessorConfig: pipeline.DefaultProcessorConfig(), Weight: 1}
}

// UnmarshalStrict reads a name, or a mapping with one.
func (p *FeedProcessor) UnmarshalStrict(n strict.Node) {
	*p = DefaultFeedProcessor()
	if n.IsScalar() {
		n.Decode(&p.Name)
		return
	}
	type plain FeedProcessor
	n.Decode((*plain)(p))
}

// Validate reports every mistake, each with its key.
func (p FeedProcessor) Validate() error {
	errs := []error{p.ProcessorConfig.Validate()}
	if !(p.Weight >= 0.1 && p.Weight <= 10) {
		errs = append(errs, invalid.Field("weight", "must be 0.1–10, is %v", p.Weight))
	}
	return errors.Join(errs...)
}

func validateFeedProcessors(list []FeedProcessor, known []string) error {
	var errs []error
	seen := map[string]bool{}
	for i, p := range list {
		at := fmt.Sprintf("processors[%d]", i)
		switch {
		case p.Name == "":
			errs = append(errs, invalid.Field(at+".name", "must name a processor: the list has names, or mappings with a name"))
		case !slices.Contains(known, p.Name):
			errs = append(errs, invalid.Field(at+".name", "there is no processor %q; %s", p.Name, strict.Suggest(p.Name, known)))
		case seen[p.Name]:
			errs = append(errs, invalid.Field(at+".name", "the processor %q stands in this list twice", p.Name))
		}
		seen[p.Name] = true
		errs = append(errs, invalid.Under(at, p.Validate()))
	}
	return errors.Join(errs...)
}
