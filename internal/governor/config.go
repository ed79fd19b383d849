package governor

import (
	"errors"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Policies of Config.
const (
	// StepDown lowers the rates of all feeds by weight.
	StepDown = "step_down"
	// Shed leaves each feed its newest frame, and nothing else is done.
	Shed = "shed"
)

// Config says what happens when a processor cannot keep up with its feeds.
type Config struct {
	// Policy is shed: each feed's newest frame is processed when it is its turn,
	// and as much as possible is; or step_down: after 3 s of overload every feed
	// is processed at a lower rate, by weight, and at its own again when there
	// is room: fewer results, at even distances and sooner.
	Policy string `yaml:"policy"`
	// MinFPS is what step_down leaves every feed, in frames a second, however
	// slow the processor is. 0.1–60.
	MinFPS float64 `yaml:"min_fps"`
}

// DefaultConfig serves what can be served.
func DefaultConfig() Config { return Config{Policy: Shed, MinFPS: 1} }

// Validate reports every mistake, each with its key.
func (c Config) Validate() error {
	var errs []error
	if c.Policy != StepDown && c.Policy != Shed {
		errs = append(errs, invalid.Field("policy", "must be step_down or shed, is %q", c.Policy))
	}
	if !(c.MinFPS >= .1 && c.MinFPS <= 60) {
		errs = append(errs, invalid.Field("min_fps", "must be 0.1–60 frames a second, is %v", c.MinFPS))
	}
	return errors.Join(errs...)
}
