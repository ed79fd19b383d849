package onnx

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect"
)

// Config is one detector as users set it.
type Config struct {
	// Model is the path of the ONNX file.
	Model string `yaml:"model"`
	// SHA256 has the digests, in hex, of the model's file and of every file
	// that it keeps weights in, by file name. Empty: they are not checked.
	SHA256 map[string]string `yaml:"sha256"`
	// Library is the path of ONNX Runtime's shared library, 1.24 or newer.
	// Empty: $NVPIPE_ONNXRUNTIME; else what scripts/setup installed, beside the
	// program, in the folder above it, or in the working directory; else
	// /usr/lib/nvpipe; else the system's own.
	Library string `yaml:"library"`

	detect.Config `yaml:",inline"`

	// Providers are what may run the model, the one wanted most first: the
	// first that works on this machine is used. `cpu`, `tensorrt`, `cuda`,
	// `nv_tensorrt_rtx`, `migraphx`, `openvino`, `qnn`, `vitisai`, `coreml` or
	// `xnnpack`.
	Providers []string `yaml:"providers"`
	// ProviderOptions are ONNX Runtime's own options of the providers, by
	// provider: `{cuda: {device_id: "1"}}`.
	ProviderOptions map[string]map[string]string `yaml:"provider_options"`
	// WholeModel: a provider that leaves a part of the model to the CPU is
	// passed over.
	WholeModel bool `yaml:"whole_model"`

	// Threads is how many threads work on one batch; 0: the processors to run
	// on, shared evenly among the instances.
	Threads int `yaml:"threads"`
}

// DefaultConfig has everything but the model.
func DefaultConfig() Config {
	return Config{Config: detect.DefaultConfig(), Providers: []string{CPU}}
}

const maxThreads = 256

// Validate reports every setting that is wrong by itself. Class names are
// checked by New, against the labels.
func (c Config) Validate() error {
	var errs []error
	if c.Model == "" {
		errs = append(errs, invalid.Field("model", "must be the path of an ONNX file, is empty"))
	}
	errs = append(errs, c.validateDigests(), c.Config.Validate(), c.validateProviders())
	if c.Threads < 0 || c.Threads > maxThreads {
		errs = append(errs, invalid.Field("threads", "must be 0–%d, is %d", maxThreads, c.Threads))
	}
	return errors.Join(errs...)
}

func (c Config) validateDigests() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.SHA256)) {
		if sum, err := hex.DecodeString(c.SHA256[name]); err != nil || len(sum) != 32 {
			errs = append(errs, invalid.Field("sha256."+name, "must be the file's SHA-256, 64 digits of hex, is %q", c.SHA256[name]))
		}
	}
	return errors.Join(errs...)
}

func (c Config) validateProviders() error {
	var errs []error
	names := providerNames()
	if len(c.Providers) == 0 {
		errs = append(errs, invalid.Field("providers", "must have at least one of %s, is empty", strings.Join(names, ", ")))
	}
	for i, name := range c.Providers {
		key := fmt.Sprintf("providers[%d]", i)
		switch {
		case !slices.Contains(names, name):
			errs = append(errs, invalid.Field(key, "must be one of %s, is %q", strings.Join(names, ", "), name))
		case slices.Contains(c.Providers[:i], name):
			errs = append(errs, invalid.Field(key, "%q stands there already", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.ProviderOptions)) {
		switch {
		case !slices.Contains(c.Providers, name):
			errs = append(errs, invalid.Field("provider_options."+name, "is no provider of `providers`, which has %s", strings.Join(c.Providers, ", ")))
		case name == CPU && len(c.ProviderOptions[name]) > 0:
			errs = append(errs, invalid.Field("provider_options."+name, "the CPU has no options; its threads are set with `threads`"))
		}
	}
	return errors.Join(errs...)
}
