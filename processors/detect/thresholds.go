package detect

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
)

// newThresholds has the least confidence of each class; classes is how many the
// model has, 0 when it does not say.
func newThresholds(cfg Config, labels []string, classes int) (family.Thresholds, error) {
	var errs []error
	// A name may stand for several classes of one label file.
	each := func(key, name string, set func(class int)) {
		found := false
		for i, label := range labels {
			if label == name {
				found = true
				set(i)
			}
		}
		if !found {
			errs = append(errs, invalid.Field(key, "no class is named %q; the labels are %s", name, shorten(labels)))
		}
	}
	unwanted := float32(math.Inf(1))
	t := family.Thresholds{
		Class: slices.Repeat([]float32{float32(cfg.Confidence)}, len(labels)),
		Other: float32(cfg.Confidence),
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.ClassConfidence)) {
		each("class_confidence."+name, name, func(class int) {
			t.Class[class] = float32(cfg.ClassConfidence[name])
		})
	}
	if len(cfg.Classes) > 0 {
		wanted := make([]bool, len(labels))
		for n, name := range cfg.Classes {
			each(fmt.Sprintf("classes[%d]", n), name, func(class int) { wanted[class] = true })
		}
		for i := range t.Class {
			if !wanted[i] {
				t.Class[i] = unwanted
			}
		}
		t.Other = unwanted
	}
	if classes > 0 && len(labels) == classes { // there is none beyond
		t.Other = unwanted
	}
	t.Floor = t.Other
	for _, least := range t.Class {
		t.Floor = min(t.Floor, least)
	}
	return t, errors.Join(errs...)
}

// shorten shows the first names of a long list.
func shorten(names []string) string {
	const most = 12
	if len(names) <= most {
		return fmt.Sprintf("%q", names)
	}
	return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
}
