package config

import (
	"errors"
	"reflect"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Feed is one camera with what is to happen to its pictures. Its source has no
// credentials in its URL.
type Feed struct {
	ID            frame.FeedID
	Source        pipeline.Source
	View          string
	Decode        Decode
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
		Decode: DefaultDecode(), Encode: DefaultEncode(), Config: pipeline.DefaultConfig(),
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
