// Package batch measures how a batch coordinator's policies serve a load of
// simulated cameras: each in random phase, with its interval jittered, frames
// without memory, and a processor that only takes its time.
//
// It uses what batchsink offers everybody, and time as package time tells it:
// in a synctest bubble a run is on virtual time.
package batch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/invalid"
)

// Policies are the names of batchsink's policies.
var Policies = []string{"window", "fill", "eager", "adaptive"}

// CheckPolicy reports a policy that there is not, or that a load's target is
// not for. A comparison of all policies gives the target to adaptive alone.
func CheckPolicy(name string, l Load) error {
	switch {
	case !slices.Contains(Policies, name):
		return invalid.Field("policy", "must be one of %s, or left out for all, is %q", strings.Join(Policies, ", "), name)
	case l.Target > 0 && name != "adaptive":
		return invalid.Field("target", "is only for policy adaptive; policy %s waits at most window", name)
	}
	return nil
}

// Load is cameras, how their frames are gathered, and what processing them costs.
type Load struct {
	// Feeds is the number of cameras, 1–1000.
	Feeds int
	// FPS is each camera's frames per second, at most 1000. 0: a closed loop,
	// in which each submits again as soon as it has its answer.
	FPS float64
	// Size is the most entries in a batch, 1–1024.
	Size int
	// Window is max_latency; above 0, at most 1 min.
	Window time.Duration
	// Target is target_latency, for adaptive. 0: unset.
	Target time.Duration
	Cost   Cost
}

// The largest load; a call must stay below the coordinator's hang_timeout.
const (
	maxFeeds = 1000
	maxFPS   = 1000
	maxCall  = 4 * time.Second
)

// Validate reports every value out of its range, each an error of package
// invalid whose key is the field's name in lower case.
func (l Load) Validate() error {
	var errs []error
	must := func(ok bool, key, format string, args ...any) {
		if !ok {
			errs = append(errs, invalid.Field(key, format, args...))
		}
	}
	must(l.Feeds >= 1 && l.Feeds <= maxFeeds, "feeds", "must be 1–%d, is %d", maxFeeds, l.Feeds)
	must(l.FPS >= 0 && l.FPS <= maxFPS, "fps", "must be 0 (closed loop) to %d, is %g", maxFPS, l.FPS)
	must(l.Size >= 1 && l.Size <= 1024, "size", "must be 1–1024, is %d", l.Size)
	must(l.Window > 0 && l.Window <= time.Minute, "window", "must be above 0 and at most 1m, is %v", l.Window)
	must(l.Target >= 0, "target", "must be above 0, or left out, is %v", l.Target)
	if l.Size >= 1 && l.Size <= 1024 {
		call := l.Cost.Of(l.Size)
		must(call <= maxCall, "cost", "must be at most %v for a batch of size, is %v for %d", maxCall, call, l.Size)
		must(call > 0 || l.FPS > 0, "cost", "must be above 0 in a closed loop, is %v", l.Cost)
	}
	return errors.Join(errs...)
}

// String is the load in words.
func (l Load) String() string {
	rate := "closed loop"
	if l.FPS > 0 {
		rate = fmt.Sprintf("%g fps", l.FPS)
	}
	return fmt.Sprintf("%d feeds, %s, size %d, %v", l.Feeds, rate, l.Size, l.Cost)
}

func (l Load) config(policy string) batchsink.Config {
	c := batchsink.DefaultConfig()
	c.Policy, c.MaxBatchSize, c.MaxLatency = policy, l.Size, l.Window
	if policy == "adaptive" {
		c.TargetLatency = l.Target
	}
	return c
}
