package batchsink

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Counts are figures of one feed or of all. When nothing is pending,
// Submitted = Outcomes.Sum(), exactly.
type Counts struct {
	Submitted, Accepted uint64
	// Outcomes counts QueueFull, InFlight and Unavailable of refused
	// submissions, Delivered, Failed, Timeout and Stopped of accepted ones.
	Outcomes frame.Ledger
	// Abandoned entries were skipped because nobody waited for them any more;
	// Late ones were processed for nobody; Drained ones were queued when the
	// coordinator stopped or was lost. Each has its outcome above.
	Abandoned, Late, Drained uint64
}

// Pending is how many accepted submissions have no outcome yet.
func (c Counts) Pending() uint64 {
	o := &c.Outcomes
	return c.Accepted - o[frame.Delivered] - o[frame.Failed] - o[frame.Timeout] - o[frame.Stopped]
}

// RejectionRate is the share of submissions refused; ok is false before the first.
func (c Counts) RejectionRate() (rate float64, ok bool) {
	return share(c.Submitted-c.Accepted, c.Submitted)
}

// TimeoutRate is the share of accepted submissions without an answer in time;
// ok is false before the first.
func (c Counts) TimeoutRate() (rate float64, ok bool) {
	return share(c.Outcomes[frame.Timeout], c.Accepted)
}

func share(part, whole uint64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

func (c *Counts) add(o Counts) {
	c.Submitted += o.Submitted
	c.Accepted += o.Accepted
	for i, n := range o.Outcomes {
		c.Outcomes[i] += n
	}
	c.Abandoned += o.Abandoned
	c.Late += o.Late
	c.Drained += o.Drained
}

// FeedStats are one feed's figures.
type FeedStats struct {
	Feed     frame.FeedID
	Attached bool
	Counts
	// InFlight is how many places under the cap are taken.
	InFlight int
	// Queued entries wait for a batch.
	Queued int
	// PassedOver is how often a batch left without an entry that the feed had
	// waiting; LongestPassedOver the longest run of such batches.
	PassedOver, LongestPassedOver uint64
	// Alone: the feed is processed alone for a while.
	Alone bool
	// Answer is the time from submission to answer of delivered entries.
	Answer Histogram
}

// Stats is a snapshot of a coordinator's figures.
type Stats struct {
	Processor string
	Config    Config
	// LargestBatch is MaxBatchSize, or less if the processor takes less.
	LargestBatch int
	// QueueCapacity is the bound in force, QueueLength what it holds.
	QueueCapacity, QueueLength int
	// Total is over all feeds that ever were.
	Total Counts
	// Feeds are in order of name.
	Feeds []FeedStats
	// Batches dispatched, by Reason; Retries are extra calls for parts of
	// failed ones.
	Batches [NumReasons]uint64
	Retries uint64
	// Prepared entries had been worked ahead on when their batch was cut.
	Prepared uint64
	// Size is entries per batch; Formation the age of its oldest entry when it
	// closed; Processing the Process calls; Answer as in FeedStats.
	Size, Formation, Processing, Answer Histogram
	// Smallest and Largest batch so far; 0 before the first.
	Smallest, Largest int
	// ConsecutiveFailures counts batches with nothing delivered since the last
	// that had something, at the instance that has the most.
	ConsecutiveFailures int
	// Serving instances out of Config.Instances; Losses so far; Stuck calls
	// that were abandoned and have not returned.
	Serving, Losses, Stuck int
}

// Dispatched is the number of batches for any reason.
func (s Stats) Dispatched() (n uint64) {
	for _, b := range s.Batches {
		n += b
	}
	return n
}

// FillRatio is the mean batch size over the largest possible; ok is false
// before the first batch.
func (s Stats) FillRatio() (ratio float64, ok bool) {
	mean, ok := s.Size.Mean()
	return mean / float64(s.LargestBatch), ok
}

// String is every figure in one line, for logs. Rates and averages that do not
// exist yet are left out.
func (s Stats) String() string {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	put("processor=%s policy=%s max_batch=%d window=%v serving=%d/%d losses=%d stuck=%d queue=%d/%d",
		s.Processor, s.Config.Policy, s.LargestBatch, s.Config.latency(), s.Serving, s.Config.Instances, s.Losses, s.Stuck,
		s.QueueLength, s.QueueCapacity)
	put(" submitted=%d accepted=%d", s.Total.Submitted, s.Total.Accepted)
	for _, o := range frame.Outcomes() {
		if o != frame.Superseded && o != frame.Skipped {
			put(" %v=%d", o, s.Total.Outcomes[o])
		}
	}
	put(" pending=%d abandoned=%d late=%d drained=%d", s.Total.Pending(), s.Total.Abandoned, s.Total.Late, s.Total.Drained)
	put(" batches=%d", s.Dispatched())
	for r, n := range s.Batches {
		put(" %v=%d", Reason(r), n)
	}
	put(" retries=%d prepared=%d smallest=%d largest=%d consecutive_failures=%d", s.Retries, s.Prepared, s.Smallest, s.Largest, s.ConsecutiveFailures)
	ratio := func(name string, v float64, ok bool) {
		if ok {
			put(" %s=%.3f", name, v)
		}
	}
	fill, ok := s.FillRatio()
	ratio("fill", fill, ok)
	rate, ok := s.Total.RejectionRate()
	ratio("rejection_rate", rate, ok)
	rate, ok = s.Total.TimeoutRate()
	ratio("timeout_rate", rate, ok)
	for _, l := range []struct {
		name string
		h    Histogram
	}{{"formation", s.Formation}, {"processing", s.Processing}, {"answer", s.Answer}} {
		if mean, ok := l.h.Mean(); ok {
			p99, _ := l.h.Quantile(.99)
			put(" %s_mean=%v %s_p99=%v", l.name, round(seconds(mean)), l.name, round(seconds(p99)))
		}
	}
	return b.String()
}

// Stats is a consistent snapshot.
func (h *Handle) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{
		Processor: h.id, Config: h.cfg, LargestBatch: h.shape.largest,
		QueueCapacity: h.capacity, QueueLength: h.queueLength(),
		Total: h.forgotten, Batches: h.batches, Retries: h.retries, Prepared: h.ahead,
		Size: h.size.snapshot(), Formation: h.formation.snapshot(),
		Processing: h.processing.snapshot(), Answer: h.answer.snapshot(),
		Smallest: h.smallest, Largest: h.largest,
		Losses: h.losses, Stuck: h.stuck,
	}
	for _, l := range h.lanes {
		s.Serving += l.serving
		for _, in := range l.instances {
			s.ConsecutiveFailures = max(s.ConsecutiveFailures, in.failures)
		}
	}
	for _, f := range h.feeds {
		s.Total.add(f.counts)
		s.Feeds = append(s.Feeds, f.stats())
	}
	slices.SortFunc(s.Feeds, func(a, b FeedStats) int { return strings.Compare(string(a.Feed), string(b.Feed)) })
	return s
}

func (f *feed) stats() FeedStats {
	return FeedStats{
		Feed: f.id, Attached: f.port != nil, Counts: f.counts,
		InFlight: f.line.held, Queued: f.line.length,
		PassedOver: f.line.passedOver, LongestPassedOver: f.line.longestRun,
		Alone: f.line.alone, Answer: f.answer.snapshot(),
	}
}

// dispatched notes a batch that was dispatched. mu is held.
func (h *Handle) dispatched(why Reason, size int, waited time.Duration) {
	h.batches[why]++
	h.size.observe(float64(size))
	h.formation.observe(waited.Seconds())
	h.largest = max(h.largest, size)
	if h.smallest == 0 || size < h.smallest {
		h.smallest = size
	}
}

// Forget drops the figures of a detached feed that will not come back; they
// stay in Total. It does nothing while the feed is attached or still has
// entries in a batch.
func (h *Handle) Forget(id frame.FeedID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.feeds[id]; f != nil && f.port == nil && !f.claimed && f.line.held == 0 && f.order.first == nil {
		h.forgotten.add(f.counts)
		delete(h.feeds, id)
	}
}
