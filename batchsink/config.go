package batchsink

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Config is what an operator sets for one coordinator.
type Config struct {
	// MaxBatchSize is the most entries in one Process call, 1–1024. A processor
	// that declares its sizes may lower it.
	MaxBatchSize int `yaml:"max_batch_size"`
	// MaxLatency is how long the oldest entry waits for a fuller batch, from
	// its submission; above 0, at most 1 min.
	MaxLatency time.Duration `yaml:"max_latency"`
	// TargetLatency, for the policy adaptive, is the time from submission to
	// answer within which waiting for more entries is considered; it takes the
	// place of MaxLatency. 0: unset.
	TargetLatency time.Duration `yaml:"target_latency"`
	// Policy says when a batch closes: window, fill, eager or adaptive.
	Policy string `yaml:"policy"`
	// QueueCapacity bounds the entries waiting for a batch. 0: as much as is
	// needed, max(4 × MaxBatchSize, sum of the attached feeds' caps), growing
	// with them.
	QueueCapacity int `yaml:"queue_capacity"`
	// MaxInFlightPerFeed is the cap of a feed that sets none of its own, 1–4:
	// decoder pools have 4–8 buffers.
	MaxInFlightPerFeed int `yaml:"max_in_flight_per_feed"`
	// ResponseTimeout is how long after its latency allowance an entry still
	// waits for its answer.
	ResponseTimeout time.Duration `yaml:"response_timeout"`
	// StartupTimeout bounds the processor's Start; engine builds may need minutes.
	StartupTimeout time.Duration `yaml:"startup_timeout"`
	// StopTimeout bounds Stop: three eighths for answers still to come, the
	// rest for the processor's own Stop.
	StopTimeout time.Duration `yaml:"stop_timeout"`
	// HangTimeout is how long one Process call may take before the processor
	// counts as lost.
	HangTimeout time.Duration `yaml:"hang_timeout"`
	// Instances is how many processors share the work, 1–16, each on its own
	// OS thread. Feeds of a stateful processor each stay with one instance.
	Instances int `yaml:"instances"`
	// IsolateFailures retries a failed batch in halves, so that one bad frame
	// fails alone.
	IsolateFailures bool `yaml:"isolate_failures"`
	// MaxStuck is how many hung native calls are borne before the program is
	// told to give up and be restarted.
	MaxStuck int `yaml:"max_stuck"`
	// Trace is a file in which everything that decides on batches is recorded,
	// for `nvpipe replay` and for reporting a scheduling problem; empty: none.
	// It has names of feeds and moments, no pictures, addresses or findings.
	Trace string `yaml:"trace"`
	// TraceSize is the size at which the trace goes on in another file, 64KiB–16GiB;
	// the one before is kept beside it, with the suffix .1.
	TraceSize units.Bytes `yaml:"trace_size"`
}

// DefaultConfig is the configuration of an empty YAML block.
func DefaultConfig() Config {
	return Config{
		MaxBatchSize:       4,
		MaxLatency:         50 * time.Millisecond,
		Policy:             "adaptive",
		MaxInFlightPerFeed: 1,
		ResponseTimeout:    5 * time.Second,
		StartupTimeout:     30 * time.Second,
		StopTimeout:        8 * time.Second,
		HangTimeout:        5 * time.Second,
		Instances:          1,
		IsolateFailures:    true,
		MaxStuck:           2,
		TraceSize:          64 << 20,
	}
}

// Validate reports every mistake at once, joined, each an error of package
// invalid that names its key.
func (c Config) Validate() error {
	var m mistakes
	m.between("max_batch_size", c.MaxBatchSize, 1, 1024)
	m.positive("max_latency", c.MaxLatency)
	if c.MaxLatency > time.Minute {
		m.add("max_latency", "must be at most 1m, is %v", c.MaxLatency)
	}
	c.validatePolicy(&m)
	if c.QueueCapacity != 0 && c.QueueCapacity < c.MaxBatchSize {
		m.add("queue_capacity", "must be at least max_batch_size, %d, or 0 to follow the feeds, is %d", c.MaxBatchSize, c.QueueCapacity)
	}
	m.between("max_in_flight_per_feed", c.MaxInFlightPerFeed, 1, maxCap)
	m.positive("response_timeout", c.ResponseTimeout)
	m.positive("startup_timeout", c.StartupTimeout)
	m.positive("stop_timeout", c.StopTimeout)
	m.positive("hang_timeout", c.HangTimeout)
	m.between("instances", c.Instances, 1, 16)
	if c.MaxStuck < 0 {
		m.add("max_stuck", "must be 0 or more, is %d", c.MaxStuck)
	}
	if c.TraceSize < 64<<10 || c.TraceSize > 16<<30 {
		m.add("trace_size", "must be 64KiB–16GiB, is %v", c.TraceSize)
	}
	return errors.Join(m...)
}

func (c Config) validatePolicy(m *mistakes) {
	if !slices.Contains(policyNames, c.Policy) {
		m.add("policy", "must be one of %s, is %q", strings.Join(policyNames, ", "), c.Policy)
	}
	switch {
	case c.TargetLatency == 0:
	case c.TargetLatency < 0:
		m.add("target_latency", "must be above 0, or left out, is %v", c.TargetLatency)
	case c.Policy != "adaptive":
		m.add("target_latency", "is only for policy adaptive; policy %s waits at most max_latency", c.Policy)
	}
}

// Warnings are remarks on a valid configuration for feeds whose caps add up to
// capSum: settings that work but will refuse frames.
func (c Config) Warnings(capSum int) []string {
	if want := max(capSum, 2*c.MaxBatchSize); c.QueueCapacity != 0 && c.QueueCapacity < want {
		return []string{fmt.Sprintf("queue_capacity: %d is below %d (the larger of the feeds' caps together, %d, and twice max_batch_size): frames will be refused as queue_full; leave it out or raise it",
			c.QueueCapacity, want, capSum)}
	}
	return nil
}

// latency is the allowance that the policy works with.
func (c Config) latency() time.Duration {
	if c.TargetLatency > 0 {
		return c.TargetLatency
	}
	return c.MaxLatency
}

// capacity is the queue's bound for feeds whose caps add up to capSum.
func (c Config) capacity(capSum int) int {
	if c.QueueCapacity > 0 {
		return c.QueueCapacity
	}
	return max(4*c.MaxBatchSize, 4, capSum)
}

const (
	maxCap               = 4
	maxParts             = 256
	minWeight, maxWeight = 0.1, 10
)

// FeedOptions is what one feed asks of a coordinator.
type FeedOptions struct {
	// MaxInFlight is the feed's cap, 1–4; 0: the coordinator's.
	MaxInFlight int
	// Weight is the feed's share when there is not enough for all, 0.1–10; 0: 1.
	Weight float64
	// MaxParts is the most regions of one frame submitted as parts; 0: 1.
	MaxParts int
	// Interval is the usual time between the feed's frames if known; until
	// three frames came, the feed is expected that often. 0: unknown.
	Interval time.Duration
	// Settled is called exactly once per accepted ticket, in order of
	// submission, never from inside Submit, by one goroutine at a time and with
	// no lock held. It may Submit; it must not block, nor call Detach or Stop.
	// The ticket is valid until it returns.
	// Without Settled each ticket is waited for and released by its submitter.
	Settled func(*Ticket)
}

// Validate reports every value out of its range.
func (o FeedOptions) Validate() error {
	var m mistakes
	if o.MaxInFlight != 0 {
		m.between("max_in_flight_per_feed", o.MaxInFlight, 1, maxCap)
	}
	if w := o.Weight; w != 0 && !(w >= minWeight && w <= maxWeight) {
		m.add("weight", "must be %g–%g, is %g", float64(minWeight), float64(maxWeight), w)
	}
	if o.MaxParts != 0 {
		m.between("max_parts", o.MaxParts, 1, maxParts)
	}
	if o.Interval < 0 {
		m.add("interval", "must be 0 or more, is %v", o.Interval)
	}
	return errors.Join(m...)
}

// mistakes gathers what is wrong with a configuration.
type mistakes []error

func (m *mistakes) add(key, format string, args ...any) {
	*m = append(*m, invalid.Field(key, format, args...))
}

func (m *mistakes) between(key string, is, low, high int) {
	if is < low || is > high {
		m.add(key, "must be %d–%d, is %d", low, high, is)
	}
}

func (m *mistakes) positive(key string, is time.Duration) {
	if is <= 0 {
		m.add(key, "must be above 0, is %v", is)
	}
}

// never is later than any moment. Moments inside the package are durations
// since the coordinator was made: monotonic, and the same when replayed.
const never = time.Duration(math.MaxInt64)
