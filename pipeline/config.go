package pipeline

import (
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Config is what can be set of one feed beside its source and its processors.
type Config struct {
	// Hold is how long a frame of the annotated stream waits for its own
	// results before it goes on with the newest ones; 0: it does not wait. 0–2 s.
	Hold time.Duration `yaml:"hold"`
	// MaxHeld is how many frames wait at once. Decoders own few pictures, and
	// each held one is one of them. 1–8.
	MaxHeld int `yaml:"max_held"`
	// SkipSuspect keeps pictures after a loss of data from the processors until
	// the next keyframe; the annotated stream has them all the same.
	SkipSuspect bool `yaml:"skip_suspect"`
	// ConnectLimit bounds a connection attempt up to the first packet; each
	// reply of the camera has to come within half of it. 1–60 s.
	ConnectLimit time.Duration `yaml:"connect_limit"`
	// FirstFrameLimit is how long packets may flow without a decoded frame. It
	// grows to twice the longest keyframe interval seen, at most 180 s. 1–180 s.
	FirstFrameLimit time.Duration `yaml:"first_frame_limit"`
	// StallMin and StallMax bound the stall limit, which is five times the
	// frame interval seen. 1 s ≤ StallMin ≤ StallMax ≤ 10 min.
	StallMin time.Duration `yaml:"stall_min"`
	StallMax time.Duration `yaml:"stall_max"`
}

// ProcessorConfig is what can be set of one feed at one of its processors.
type ProcessorConfig struct {
	// FPS is how many frames a second are to be processed, at most; 0: as many
	// as the processor keeps up with. 0–240.
	FPS float64 `yaml:"fps"`
	// MaxInFlight is how many of the feed's frames the processor may have at
	// once; 0: what the processor's own config says. 0–4.
	MaxInFlight int `yaml:"max_in_flight"`
	// Crops of what another processor of the feed has found are processed in
	// place of whole frames.
	Crops CropConfig `yaml:"crops"`
}

// maxFirstFrameLimit is past the longest keyframe interval of "smart" codecs,
// which is about a minute, with the factor 2 on top.
const maxFirstFrameLimit = 180 * time.Second

// DefaultConfig suits cameras on a local network.
func DefaultConfig() Config {
	return Config{
		Hold:            150 * time.Millisecond,
		MaxHeld:         3,
		ConnectLimit:    10 * time.Second,
		FirstFrameLimit: 15 * time.Second,
		StallMin:        5 * time.Second,
		StallMax:        60 * time.Second,
	}
}

// DefaultProcessorConfig is every frame that the processor keeps up with.
func DefaultProcessorConfig() ProcessorConfig { return ProcessorConfig{Crops: DefaultCropConfig()} }

// Validate reports every mistake, each with its key.
func (c Config) Validate() error {
	var errs []error
	within := func(key string, v, lo, hi time.Duration) {
		if v < lo || v > hi {
			errs = append(errs, invalid.Field(key, "must be %v–%v, is %v", lo, hi, v))
		}
	}
	within("hold", c.Hold, 0, 2*time.Second)
	if c.MaxHeld < 1 || c.MaxHeld > 8 {
		errs = append(errs, invalid.Field("max_held", "must be 1–8, is %d", c.MaxHeld))
	}
	within("connect_limit", c.ConnectLimit, time.Second, time.Minute)
	within("first_frame_limit", c.FirstFrameLimit, time.Second, maxFirstFrameLimit)
	within("stall_min", c.StallMin, time.Second, 10*time.Minute)
	within("stall_max", c.StallMax, time.Second, 10*time.Minute)
	if c.StallMax < c.StallMin {
		errs = append(errs, invalid.Field("stall_max", "must be at least stall_min (%v), is %v", c.StallMin, c.StallMax))
	}
	return errors.Join(errs...)
}

// Validate reports every mistake, each with its key.
func (c ProcessorConfig) Validate() error {
	var errs []error
	if !(c.FPS >= 0 && c.FPS <= 240) {
		errs = append(errs, invalid.Field("fps", "must be 0–240 frames a second, is %v", c.FPS))
	}
	if c.MaxInFlight < 0 || c.MaxInFlight > 4 {
		errs = append(errs, invalid.Field("max_in_flight", "must be 0–4, is %d", c.MaxInFlight))
	}
	errs = append(errs, invalid.Under("crops", c.Crops.Validate()))
	return errors.Join(errs...)
}
