package batchsink

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

// mistakesIn are the keys of all mistakes reported.
func mistakesIn(err error) (keys []string) {
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var field *invalid.Error
		if errors.As(e, &field) {
			keys = append(keys, field.Key())
		}
	}
	return keys
}

func TestDefaultConfigIsValid(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigBounds(t *testing.T) {
	for _, c := range []struct {
		key  string
		edit func(*Config)
		ok   bool
	}{
		{"max_batch_size", func(c *Config) { c.MaxBatchSize = 0 }, false},
		{"max_batch_size", func(c *Config) { c.MaxBatchSize = 1 }, true},
		{"max_batch_size", func(c *Config) { c.MaxBatchSize = 1024 }, true},
		{"max_batch_size", func(c *Config) { c.MaxBatchSize = 1025 }, false},
		{"max_latency", func(c *Config) { c.MaxLatency = 0 }, false},
		{"max_latency", func(c *Config) { c.MaxLatency = -time.Second }, false},
		{"max_latency", func(c *Config) { c.MaxLatency = time.Minute }, true},
		{"max_latency", func(c *Config) { c.MaxLatency = time.Minute + 1 }, false},
		{"target_latency", func(c *Config) { c.TargetLatency = -1 }, false},
		{"target_latency", func(c *Config) { c.TargetLatency = 1 }, true},
		{"target_latency", func(c *Config) { c.Policy, c.TargetLatency = "window", 1 }, false},
		{"policy", func(c *Config) { c.Policy = "" }, false},
		{"policy", func(c *Config) { c.Policy = "Fill" }, false},
		{"policy", func(c *Config) { c.Policy = "fill" }, true},
		{"policy", func(c *Config) { c.Policy = "eager" }, true},
		{"queue_capacity", func(c *Config) { c.QueueCapacity = 3 }, false},
		{"queue_capacity", func(c *Config) { c.QueueCapacity = -1 }, false},
		{"queue_capacity", func(c *Config) { c.QueueCapacity = 4 }, true},
		{"max_in_flight_per_feed", func(c *Config) { c.MaxInFlightPerFeed = 0 }, false},
		{"max_in_flight_per_feed", func(c *Config) { c.MaxInFlightPerFeed = 4 }, true},
		{"max_in_flight_per_feed", func(c *Config) { c.MaxInFlightPerFeed = 5 }, false},
		{"response_timeout", func(c *Config) { c.ResponseTimeout = 0 }, false},
		{"startup_timeout", func(c *Config) { c.StartupTimeout = 0 }, false},
		{"stop_timeout", func(c *Config) { c.StopTimeout = 0 }, false},
		{"hang_timeout", func(c *Config) { c.HangTimeout = 0 }, false},
		{"instances", func(c *Config) { c.Instances = 0 }, false},
		{"instances", func(c *Config) { c.Instances = 16 }, true},
		{"instances", func(c *Config) { c.Instances = 17 }, false},
		{"max_stuck", func(c *Config) { c.MaxStuck = -1 }, false},
		{"max_stuck", func(c *Config) { c.MaxStuck = 0 }, true},
		{"trace_size", func(c *Config) { c.TraceSize = 64<<10 - 1 }, false},
		{"trace_size", func(c *Config) { c.TraceSize = 16 << 30 }, true},
		{"trace_size", func(c *Config) { c.TraceSize = 16<<30 + 1 }, false},
	} {
		cfg := DefaultConfig()
		c.edit(&cfg)
		err := cfg.Validate()
		switch keys := mistakesIn(err); {
		case c.ok && err != nil:
			t.Errorf("%s: refused: %v", c.key, err)
		case !c.ok && (len(keys) != 1 || keys[0] != c.key):
			t.Errorf("%s: reported %v", c.key, err)
		}
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	err := Config{QueueCapacity: -1, TargetLatency: -1, MaxStuck: -1}.Validate()
	if keys := mistakesIn(err); len(keys) != 13 {
		t.Errorf("%d mistakes reported: %v", len(keys), keys)
	}
	for _, allowed := range []string{"1–1024", "1–4", "1–16", "window, fill, eager, adaptive"} {
		if !strings.Contains(err.Error(), allowed) {
			t.Errorf("the message does not say that %s is allowed:\n%v", allowed, err)
		}
	}
}

func TestFeedOptionsBounds(t *testing.T) {
	bad := FeedOptions{MaxInFlight: 5, Weight: .05, MaxParts: -1, Interval: -1}
	if keys := mistakesIn(bad.Validate()); len(keys) != 4 {
		t.Errorf("reported %v", keys)
	}
	for _, w := range []float64{10.1, -1, math.NaN(), math.Inf(1)} {
		if (FeedOptions{Weight: w}).Validate() == nil {
			t.Errorf("weight %g is accepted", w)
		}
	}
	if err := (FeedOptions{MaxInFlight: 4, Weight: .1}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestWarningsAboutASmallQueue(t *testing.T) {
	c := DefaultConfig()
	for _, w := range []struct{ capacity, caps, want int }{{0, 1000, 0}, {7, 2, 1}, {8, 2, 0}, {8, 9, 1}, {9, 9, 0}} {
		c.QueueCapacity = w.capacity
		equal(t, "warnings", len(c.Warnings(w.caps)), w.want)
	}
}

func TestQueueCapacityFollowsTheFeeds(t *testing.T) {
	c := DefaultConfig()
	equal(t, "few feeds", c.capacity(3), 16)
	equal(t, "many feeds", c.capacity(40), 40)
	c.MaxBatchSize = 1
	equal(t, "small batches", c.capacity(1), 4)
	c.QueueCapacity = 5
	equal(t, "set", c.capacity(40), 5)
}
