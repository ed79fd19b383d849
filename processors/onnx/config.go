package onnx

import (
	"errors"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect"
)

// Config is one detector as users set it.
type Config struct {
	// Model is the path of the ONNX file.
	Model string `yaml:"model"`
	// Library is the path of ONNX Runtime's shared library, 1.24 or newer.
	// Empty: $NVPIPE_ONNXRUNTIME; else what scripts/setup installed, beside the
	// program, in the folder above it, or in the working directory; else
	// /usr/lib/nvpipe; else the system's own.
	Library string `yaml:"library"`

	detect.Config `yaml:",inline"`

	// Threads is how many threads work on one batch; 0: as many as there are
	// processors to run on.
	Threads int `yaml:"threads"`
}

// DefaultConfig has everything but the model.
func DefaultConfig() Config { return Config{Config: detect.DefaultConfig()} }

const maxThreads = 256

// Validate reports every setting that is wrong by itself. Class names are
// checked by New, against the labels.
func (c Config) Validate() error {
	var errs []error
	if c.Model == "" {
		errs = append(errs, invalid.Field("model", "must be the path of an ONNX file, is empty"))
	}
	errs = append(errs, c.Config.Validate())
	if c.Threads < 0 || c.Threads > maxThreads {
		errs = append(errs, invalid.Field("threads", "must be 0–%d, is %d", maxThreads, c.Threads))
	}
	return errors.Join(errs...)
}
