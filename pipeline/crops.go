package pipeline

import (
	"errors"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
)

// maxCrops bounds the crops of one frame: each is an entry of its own in the
// coordinator's queue.
const maxCrops = 64

// CropConfig makes a processor the second stage of a cascade: in place of whole
// frames it gets crops of what another processor of the feed has found.
type CropConfig struct {
	// Of names the processor whose detections are cropped; it stands earlier in
	// the feed's list. Empty: whole frames.
	Of string `yaml:"of"`
	// Classes of detections that are cropped; empty: all.
	Classes []string `yaml:"classes"`
	// MinConfidence is the least confidence of a detection that is cropped, 0–1.
	MinConfidence float64 `yaml:"min_confidence"`
	// MinSize is the least width and height of a detection that is cropped, as
	// a share of the picture's, 0–1.
	MinSize float64 `yaml:"min_size"`
	// Margin is added on each side, as a share of the detection's own width and
	// height, 0–1; the picture's edge ends it.
	Margin float64 `yaml:"margin"`
	// Most is how many crops of one frame there are at most, 1–64. The most
	// confident ones win, the others are counted.
	Most int `yaml:"most"`
}

// DefaultCropConfig is whole frames, and what is left out beside a given Of.
func DefaultCropConfig() CropConfig { return CropConfig{Margin: .1, Most: 8} }

// Validate reports every mistake, each with its key.
func (c CropConfig) Validate() error {
	var errs []error
	share := func(key string, v float64) {
		if !(v >= 0 && v <= 1) {
			errs = append(errs, invalid.Field(key, "must be 0–1, is %v", v))
		}
	}
	share("min_confidence", c.MinConfidence)
	share("min_size", c.MinSize)
	share("margin", c.Margin)
	if c.Of != "" && (c.Most < 1 || c.Most > maxCrops) {
		errs = append(errs, invalid.Field("most", "must be 1–%d, is %d", maxCrops, c.Most))
	}
	if slices.Contains(c.Classes, "") {
		errs = append(errs, invalid.Field("classes", "must be names of classes, one is empty"))
	}
	return errors.Join(errs...)
}

// wants reports whether a detection is one to crop.
func (c *CropConfig) wants(d *frame.Detection) bool {
	w, h := d.Box.XMax-d.Box.XMin, d.Box.YMax-d.Box.YMin
	size, least := min(w, h), float32(c.MinSize)
	return d.Confidence >= float32(c.MinConfidence) && size >= least &&
		(len(c.Classes) == 0 || slices.Contains(c.Classes, d.Label))
}

// region is the part of the picture that a box with its margin covers; false:
// none.
func (c *CropConfig) region(b frame.Box) (frame.Box, bool) {
	dx, dy := (b.XMax-b.XMin)*float32(c.Margin), (b.YMax-b.YMin)*float32(c.Margin)
	r := frame.Box{
		XMin: max(0, b.XMin-dx), YMin: max(0, b.YMin-dy),
		XMax: min(1, b.XMax+dx), YMax: min(1, b.YMax+dy),
	}
	return r, r.XMin < r.XMax && r.YMin < r.YMax // not with a NaN
}

// crops are the parts of one frame that are processed, the most confident
// detection's first.
type crops struct {
	regions []frame.Box
	// parents says which of the detections each is of.
	parents []int
	// leftOut detections were wanted, but more than there may be.
	leftOut int
}

// choose makes the crops of what was found, in the memory of those before.
func (s *crops) choose(c *CropConfig, found []frame.Detection) {
	s.regions, s.parents, s.leftOut = s.regions[:0], s.parents[:0], 0
	for i := range found {
		d := &found[i]
		if !c.wants(d) {
			continue
		}
		r, ok := c.region(d.Box)
		if !ok {
			continue
		}
		at := len(s.parents)
		for at > 0 && found[s.parents[at-1]].Confidence < d.Confidence {
			at--
		}
		if at == c.Most {
			s.leftOut++
			continue
		}
		if len(s.parents) == c.Most {
			s.leftOut++
			s.regions, s.parents = s.regions[:c.Most-1], s.parents[:c.Most-1]
		}
		s.regions, s.parents = slices.Insert(s.regions, at, r), slices.Insert(s.parents, at, i)
	}
}

// CropStats are a feed's crops at one processor since the feed was made.
type CropStats struct {
	// Submitted crops were accepted by the coordinator.
	Submitted uint64
	// LeftOut detections of the same frames were more than there may be.
	LeftOut uint64
}
