package overlay

import (
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Config is how findings look.
type Config struct {
	// Labels are class names on plates at the boxes.
	Labels bool `yaml:"labels"`
	// Confidence stands beside the class name.
	Confidence bool `yaml:"confidence"`
	// Scale multiplies the size of lines and text, which follow the picture's
	// size anyway.
	Scale float64 `yaml:"scale"`
	// OldAfter: a finding from a frame that is so much older than the picture
	// is drawn dashed, with its age.
	OldAfter time.Duration `yaml:"old_after"`
}

// DefaultConfig marks findings as old after half a second: with inference on
// every few frames most findings are a little old, and boxes that flicker
// between two styles would say less than ones that stay.
func DefaultConfig() Config {
	return Config{Labels: true, Confidence: true, Scale: 1, OldAfter: 500 * time.Millisecond}
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var errs []error
	if !(c.Scale >= 0.25 && c.Scale <= 4) {
		errs = append(errs, invalid.Field("scale", "must be 0.25–4, is %v", c.Scale))
	}
	if c.OldAfter < 0 || c.OldAfter > time.Hour {
		errs = append(errs, invalid.Field("old_after", "must be 0s–1h, is %v", c.OldAfter))
	}
	return errors.Join(errs...)
}
