package memory

import (
	"os"
	"runtime/debug"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Config of the watch.
type Config struct {
	// MaxRSS ends the program, orderly and with exit code 1, when its resident
	// memory is above this in three samples, 10 s apart, so that what supervises
	// it starts it afresh: the answer to a leak in a model's runtime or a driver. Give it
	// twice what the program needs after an hour, less than the container has.
	// 64MiB or more; 0: never.
	MaxRSS units.Bytes `yaml:"max_rss"`
}

// leastMax is below what the program needs to start.
const leastMax units.Bytes = 64 << 20

// Validate reports every mistake, each with its key.
func (c Config) Validate() error {
	if c.MaxRSS != 0 && c.MaxRSS < leastMax {
		return invalid.Field("max_rss", "must be 0, for no limit, or at least %v, which the program needs anyway; is %v", leastMax, c.MaxRSS)
	}
	return nil
}

// goShare is what Go's heap may have of max_rss; the rest is native.
const goShare = .8

// LimitGo makes Go's collector work harder near max_rss, unless the
// environment's GOMEMLIMIT says otherwise. It is the whole process's: a program
// that embeds others decides for itself.
func LimitGo(c Config) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); c.MaxRSS > 0 && !set {
		debug.SetMemoryLimit(int64(goShare * float64(c.MaxRSS)))
	}
}
