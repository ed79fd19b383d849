package motion

import (
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Config is what a user may set.
type Config struct {
	// Sensitivity is how little contrast makes a difference, 0–1.
	Sensitivity float64 `yaml:"sensitivity"`
	// MinArea is the smallest thing reported, as a share of the picture.
	MinArea float64 `yaml:"min_area"`
	// Width is about how many columns the picture is reduced to. More finds
	// smaller things and costs more.
	Width int `yaml:"width"`
	// Learning is how long the empty scene is learned before anything is
	// reported.
	Learning time.Duration `yaml:"learning"`
	// Absorb is how long a thing stands still before it counts as ground.
	Absorb time.Duration `yaml:"absorb"`
	// Forget is how long a feed is remembered that sends nothing.
	Forget time.Duration `yaml:"forget"`
	// MaxFeeds is how many feeds are remembered; beyond it, the one not seen
	// for longest is forgotten.
	MaxFeeds int `yaml:"max_feeds"`
}

// DefaultConfig suits fixed cameras from QVGA to 4K.
func DefaultConfig() Config {
	return Config{
		Sensitivity: .5,
		MinArea:     .001,
		Width:       200,
		Learning:    2 * time.Second,
		Absorb:      20 * time.Second,
		Forget:      time.Minute,
		MaxFeeds:    256,
	}
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, key, format string, args ...any) {
		if !ok {
			errs = append(errs, invalid.Field(key, format, args...))
		}
	}
	check(c.Sensitivity >= 0 && c.Sensitivity <= 1, "sensitivity", "must be 0–1, is %v", c.Sensitivity)
	check(c.MinArea > 0 && c.MinArea <= .5, "min_area", "must be above 0 and at most 0.5 of the picture, is %v", c.MinArea)
	check(c.Width >= 64 && c.Width <= 640, "width", "must be 64–640 columns, is %d", c.Width)
	checkRange := func(key string, d, low, high time.Duration) {
		check(d >= low && d <= high, key, "must be %v–%v, is %v", low, high, d)
	}
	checkRange("learning", c.Learning, 200*time.Millisecond, time.Minute)
	checkRange("absorb", c.Absorb, time.Second, time.Hour)
	checkRange("forget", c.Forget, time.Second, time.Hour)
	check(c.MaxFeeds >= 1 && c.MaxFeeds <= 4096, "max_feeds", "must be 1–4096, is %d", c.MaxFeeds)
	return errors.Join(errs...)
}
