package config

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/listen"
	"github.com/nvpipe/nvpipe/internal/secret"
)

// Log is what the program says of itself, on standard error.
type Log struct {
	// Level is the least level written: debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is text, for people, or json, one object per line.
	Format string `yaml:"format"`
}

// DefaultLog is for a person at a terminal.
func DefaultLog() Log { return Log{Level: "info", Format: "text"} }

// Validate reports every mistake, each with its key.
func (l Log) Validate() error {
	return errors.Join(
		oneOf("level", l.Level, "debug", "info", "warn", "error"),
		oneOf("format", l.Format, "text", "json"),
	)
}

func oneOf(key, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	if len(allowed) == 1 {
		return invalid.Field(key, "must be %s, is %q", allowed[0], value)
	}
	return invalid.Field(key, "must be one of %s, is %q", strings.Join(allowed, ", "), value)
}

// Metrics are served at /metrics for Prometheus.
type Metrics struct {
	// Listen is the HOST:PORT to serve on; empty: not served. An address that
	// other machines reach needs a token.
	Listen string `yaml:"listen"`
	// Token is what a scraper must send, as `Authorization: Bearer TOKEN`;
	// empty: nothing. At least 16 characters.
	Token secret.Secret `yaml:"token"`
}

// DefaultMetrics are reached from this machine only.
func DefaultMetrics() Metrics { return Metrics{Listen: "127.0.0.1:9464"} }

const leastToken = 16

// Validate reports every mistake, each with its key.
func (m Metrics) Validate() error {
	var errs []error
	if m.Listen != "" {
		host, err := hostOf(m.Listen)
		if err != nil {
			errs = append(errs, err)
		} else if !listen.Loopback(host) && m.Token.IsZero() {
			errs = append(errs, invalid.Field("listen",
				"%s is reached from other machines, which is refused for safety without metrics.token; set one, or listen on 127.0.0.1", m.Listen))
		}
	}
	if n := len(m.Token.Reveal()); n > 0 && n < leastToken {
		errs = append(errs, invalid.Field("token", "must have at least %d characters, has %d", leastToken, n))
	}
	return errors.Join(errs...)
}

func hostOf(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || strings.ContainsAny(host, " /") {
		return "", invalid.Field("listen", "must be HOST:PORT with a port of 0–65535, such as 127.0.0.1:9464, or empty, is %q", listen)
	}
	return host, nil
}
