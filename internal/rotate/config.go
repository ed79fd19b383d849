package rotate

import (
	"errors"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Config limits one set of files.
type Config struct {
	// MaxFileSize: a file never grows beyond it.
	MaxFileSize units.Bytes `yaml:"max_file_size"`
	// Keep is the number of files kept, the one being written included.
	Keep int `yaml:"keep"`
	// MaxTotal limits all files of the set together.
	MaxTotal units.Bytes `yaml:"max_total"`
	// MinFree and MinFreePercent: so much of the volume stays free, whichever
	// is more. The oldest files of the set go before new ones are refused.
	MinFree        units.Bytes `yaml:"min_free"`
	MinFreePercent float64     `yaml:"min_free_percent"`
}

// minFileSize holds a few seconds of film or some thousand events; below it a
// set would do nothing but rotate.
const minFileSize = 1 << 20

const maxKeep = 100_000

// DefaultConfig suits logs: 16 files of 64 MiB.
func DefaultConfig() Config {
	return Config{
		MaxFileSize:    64 << 20,
		Keep:           16,
		MaxTotal:       1 << 30,
		MinFree:        256 << 20,
		MinFreePercent: 5,
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
	check(c.MaxFileSize >= minFileSize, "max_file_size",
		"must be at least %v, is %v", units.Bytes(minFileSize), c.MaxFileSize)
	check(c.Keep >= 1 && c.Keep <= maxKeep, "keep", "must be 1–%d files, is %d", maxKeep, c.Keep)
	check(c.MaxTotal >= c.MaxFileSize, "max_total",
		"must be at least max_file_size (%v), is %v", c.MaxFileSize, c.MaxTotal)
	check(c.MinFree >= 0, "min_free", "must not be negative, is %v", c.MinFree)
	check(c.MinFreePercent >= 0 && c.MinFreePercent <= 90, "min_free_percent",
		"must be 0–90, is %v", c.MinFreePercent)
	return errors.Join(errs...)
}

// Floor is how much of a volume of total bytes stays free.
func (c Config) Floor(total uint64) uint64 {
	return max(uint64(c.MinFree), uint64(float64(total)/100*c.MinFreePercent))
}
