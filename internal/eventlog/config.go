package eventlog

import (
	"errors"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Stdout is the path that means standard output.
const Stdout = "-"

// Config is one feed's event log. Feeds with the same path share one file, and
// must agree on everything but Empty.
type Config struct {
	// Path of the file, or "-" for standard output.
	Path string `yaml:"path"`
	// Empty: frames in which nothing was found get a line too.
	Empty bool `yaml:"empty"`
	// Queue is how much may wait for the disk.
	Queue units.Bytes `yaml:"queue"`
	// Retry is how long to wait before writing is tried again after an error.
	Retry time.Duration `yaml:"retry"`
	// Rotation has no meaning for standard output.
	Rotation rotate.Config `yaml:"rotation"`
}

// maxLine is the longest line; it holds some 3,000 detections.
const maxLine = 512 << 10

// DefaultConfig writes nowhere yet: Path has no default.
func DefaultConfig() Config {
	return Config{
		Queue:    4 << 20,
		Retry:    time.Minute,
		Rotation: rotate.DefaultConfig(),
	}
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, invalid.Field("path", `must be the path of a file, or "-" for standard output`))
	} else if strings.HasSuffix(c.Path, "/") || strings.ContainsRune(c.Path, 0) {
		errs = append(errs, invalid.Field("path", "must be the path of a file, is %q", c.Path))
	}
	if c.Queue < maxLine || c.Queue > 1<<30 {
		errs = append(errs, invalid.Field("queue", "must be %v–1GiB, is %v", units.Bytes(maxLine), c.Queue))
	}
	if c.Retry < time.Second || c.Retry > time.Hour {
		errs = append(errs, invalid.Field("retry", "must be 1s–1h, is %v", c.Retry))
	}
	return errors.Join(append(errs, invalid.Under("rotation", c.Rotation.Validate()))...)
}
