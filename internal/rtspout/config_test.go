package rtspout

import (
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/secret"
)

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatalf("the default is invalid: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string // empty: valid
	}{
		"loopback by name":             {func(c *Config) { c.Listen = "localhost:8554" }, ""},
		"loopback, IPv6":               {func(c *Config) { c.Listen = "[::1]:8554" }, ""},
		"everywhere":                   {func(c *Config) { c.Listen = ":8554" }, "listen: "},
		"everywhere, IPv4":             {func(c *Config) { c.Listen = "0.0.0.0:8554" }, "listen: "},
		"another machine's name":       {func(c *Config) { c.Listen = "nvr.local:8554" }, "listen: "},
		"everywhere with credentials":  {func(c *Config) { c.Listen, c.User, c.Password = ":8554", "u", secret.New("p") }, ""},
		"everywhere, anonymous":        {func(c *Config) { c.Listen, c.AllowAnonymous = ":8554", true }, ""},
		"no port":                      {func(c *Config) { c.Listen = "127.0.0.1" }, "listen: "},
		"a port too high":              {func(c *Config) { c.Listen = "127.0.0.1:70000" }, "listen: "},
		"a user without a password":    {func(c *Config) { c.User = "u" }, "user: "},
		"a password without a user":    {func(c *Config) { c.Password = secret.New("p") }, "user: "},
		"a certificate without a key":  {func(c *Config) { c.TLSCert = "cert.pem" }, "tls_cert: "},
		"an odd UDP port":              {func(c *Config) { c.UDPPort = 8001 }, "udp_port: "},
		"no viewers":                   {func(c *Config) { c.MaxViewers = 0 }, "max_viewers: "},
		"no viewers per feed":          {func(c *Config) { c.MaxViewersPerFeed = -1 }, "max_viewers_per_feed: "},
		"no queue":                     {func(c *Config) { c.Queue = 0 }, "queue: "},
		"a queue without room":         {func(c *Config) { c.ViewerQueue = 1000 }, "viewer_queue: "},
		"no signal after no time":      {func(c *Config) { c.NoSignalAfter = 0 }, "no_signal_after: "},
		"a password that is not shown": {func(c *Config) { c.Listen, c.Password = "x", secret.New("hunter2") }, "user: "},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		err := cfg.Validate()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: shown in %v", name, err)
		}
	}
}
