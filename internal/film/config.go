package film

import (
	"errors"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Config is one feed's film.
type Config struct {
	// Dir is the folder of the files. Its parent must exist.
	Dir string `yaml:"dir"`
	// MaxDuration of a file.
	MaxDuration time.Duration `yaml:"max_duration"`
	// MaxGap is the longest pause in the stream within a file.
	MaxGap time.Duration `yaml:"max_gap"`
	// Part is how much of the film is written at a time, and so the most that
	// a crash can cost.
	Part time.Duration `yaml:"part"`
	// QueuePackets and QueueBytes limit what may wait for the disk.
	QueuePackets int         `yaml:"queue_packets"`
	QueueBytes   units.Bytes `yaml:"queue_bytes"`
	// Retry is how long to wait before writing is tried again after an error.
	Retry    time.Duration `yaml:"retry"`
	Rotation rotate.Config `yaml:"rotation"`
}

// DefaultConfig writes nowhere yet: Dir has no default. A feed at 4 Mbit/s
// fills its 10 GiB in some 6 hours.
func DefaultConfig() Config {
	r := rotate.DefaultConfig()
	r.MaxFileSize, r.Keep, r.MaxTotal = 512<<20, 1000, 10<<30
	return Config{
		MaxDuration:  10 * time.Minute,
		MaxGap:       5 * time.Second,
		Part:         time.Second,
		QueuePackets: 256,
		QueueBytes:   16 << 20,
		Retry:        time.Minute,
		Rotation:     r,
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
	between := func(key string, v, low, high time.Duration) {
		check(v >= low && v <= high, key, "must be %v–%v, is %v", low, high, v)
	}
	check(c.Dir != "", "dir", "must be the folder for the films")
	between("max_duration", c.MaxDuration, 10*time.Second, 24*time.Hour)
	between("max_gap", c.MaxGap, time.Second, time.Minute)
	between("part", c.Part, 100*time.Millisecond, 10*time.Second)
	check(c.Part <= c.MaxGap, "part", "must not be longer than max_gap (%v), is %v", c.MaxGap, c.Part)
	check(c.QueuePackets >= 8 && c.QueuePackets <= 65536, "queue_packets", "must be 8–65536, is %d", c.QueuePackets)
	check(c.QueueBytes >= 1<<20 && c.QueueBytes <= 1<<30, "queue_bytes", "must be 1MiB–1GiB, is %v", c.QueueBytes)
	between("retry", c.Retry, time.Second, time.Hour)
	errs = append(errs, invalid.Under("rotation", c.Rotation.Validate()))
	return errors.Join(errs...)
}
