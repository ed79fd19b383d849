package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/pipeline"
)

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
	crops := p.Crops
	crops.Classes = nil
	if p.Crops.Of == "" && (len(p.Crops.Classes) > 0 || !reflect.DeepEqual(crops, pipeline.DefaultCropConfig())) {
		errs = append(errs, invalid.Field("crops.of", "must name the processor whose detections are cropped, one before this in the list"))
	}
	return errors.Join(errs...)
}

func validateFeedProcessors(list []FeedProcessor, known []string) error {
	var errs []error
	var seen []string
	for i, p := range list {
		at := fmt.Sprintf("processors[%d]", i)
		switch {
		case p.Name == "":
			errs = append(errs, invalid.Field(at+".name", "must name a processor: the list has names, or mappings with a name"))
		case !slices.Contains(known, p.Name):
			errs = append(errs, invalid.Field(at+".name", "there is no processor %q; %s", p.Name, strict.Suggest(p.Name, known)))
		case slices.Contains(seen, p.Name):
			errs = append(errs, invalid.Field(at+".name", "the processor %q stands in this list twice", p.Name))
		}
		errs = append(errs, invalid.Under(at, p.Validate()), invalid.Under(at, p.validateStage(seen, list[i:])))
		seen = append(seen, p.Name)
	}
	return errors.Join(errs...)
}

// validateStage checks that a processor that follows another one stands after
// it: so there are no circles. rest of the list begins with p.
func (p FeedProcessor) validateStage(before []string, rest []FeedProcessor) error {
	of := p.Crops.Of
	follows := func(q FeedProcessor) bool { return q.Name == of }
	switch {
	case of == "" || slices.Contains(before, of):
		return nil
	case of == p.Name:
		return invalid.Field("crops.of", "a processor cannot follow itself; name one that stands before it in this list")
	case slices.ContainsFunc(rest, follows):
		return invalid.Field("crops.of", "the processor %q stands after this one; put it before, so that what it finds can be cropped", of)
	case len(before) == 0:
		return invalid.Field("crops.of", "there is no processor before this one in the list; put %q there", of)
	}
	return invalid.Field("crops.of", "there is no processor %q before this one in the list; %s", of, strict.Suggest(of, before))
}
