// Package units has the quantities of the config file that Go has no type for.
package units

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes is a size, written as "512MiB", "2GB", or a bare number of bytes.
type Bytes int64

var suffixes = []struct {
	name string
	size int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1}, {"", 1},
}

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, u := range suffixes {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(v >= 0 && v*float64(u.size) < 1<<62) {
			break
		}
		*b = Bytes(v * float64(u.size))
		return nil
	}
	return fmt.Errorf("must be a size such as 512MiB or 2GB, is %q", s)
}

// String is the size in the largest binary unit that keeps it exact.
func (b Bytes) String() string {
	for i := 3; i >= 0; i-- {
		if u := suffixes[i]; b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// MarshalText is String.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
