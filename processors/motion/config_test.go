package motion

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestDefaultConfigIsValid(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	c := Config{
		Sensitivity: math.NaN(), MinArea: 0, Width: 63, Learning: time.Hour,
		Absorb: 0, Forget: -1, MaxFeeds: 0,
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"sensitivity", "min_area", "width", "learning", "absorb", "forget", "max_feeds"} {
		if !strings.Contains(err.Error(), key+": must be ") {
			t.Errorf("%s is not reported in %q", key, err)
		}
	}
	if _, err := New(c); err == nil {
		t.Error("New took a config that does not validate")
	}
}

func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		ok     bool
	}{
		"sensitivity 0":   {func(c *Config) { c.Sensitivity = 0 }, true},
		"sensitivity 1":   {func(c *Config) { c.Sensitivity = 1 }, true},
		"sensitivity 1.1": {func(c *Config) { c.Sensitivity = 1.1 }, false},
		"min_area 0.5":    {func(c *Config) { c.MinArea = .5 }, true},
		"min_area 0.6":    {func(c *Config) { c.MinArea = .6 }, false},
		"width 640":       {func(c *Config) { c.Width = 640 }, true},
		"width 641":       {func(c *Config) { c.Width = 641 }, false},
		"learning 200ms":  {func(c *Config) { c.Learning = 200 * time.Millisecond }, true},
		"learning 199ms":  {func(c *Config) { c.Learning = 199 * time.Millisecond }, false},
		"absorb 1h":       {func(c *Config) { c.Absorb = time.Hour }, true},
		"absorb 999ms":    {func(c *Config) { c.Absorb = 999 * time.Millisecond }, false},
		"max_feeds 4096":  {func(c *Config) { c.MaxFeeds = 4096 }, true},
		"max_feeds 4097":  {func(c *Config) { c.MaxFeeds = 4097 }, false},
	} {
		config := DefaultConfig()
		c.change(&config)
		if err := config.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
