package batch

import (
	"errors"
	"math"
	"slices"
	"time"
)

// Figures are how a policy did: percentiles over the answers of all runs, the
// others medians over the runs.
type Figures struct {
	Policy string `json:"policy"`
	// ServedFPS is the answers per second of all feeds together.
	ServedFPS float64 `json:"served_fps"`
	P50       float64 `json:"p50_ms"`
	P95       float64 `json:"p95_ms"`
	P99       float64 `json:"p99_ms"`
	// Fill is the mean batch size over the largest possible, 0–1.
	Fill float64 `json:"fill"`
	// Jain is Jain's index of the feeds' answers: 1 if all have as many.
	Jain float64 `json:"jain"`
	// ServedMin and ServedMax are the answers of the feeds with the fewest and
	// with the most.
	ServedMin float64 `json:"served_min"`
	ServedMax float64 `json:"served_max"`
	// LongestPassedOver is the longest run of batches that left without an
	// entry of a feed that had one waiting.
	LongestPassedOver float64 `json:"longest_passed_over"`
	// CPU is microseconds of the whole process per answer, cameras included.
	CPU float64 `json:"cpu_us_per_entry"`
}

// ErrNothingServed is a load of which nothing was answered in the span.
var ErrNothingServed = errors.New("nothing was answered in the time measured: measure for longer")

// Summarise makes a policy's figures of its runs.
func Summarise(policy string, runs []Run) (Figures, error) {
	var all []time.Duration
	for _, r := range runs {
		all = append(all, r.Latencies...)
	}
	if len(all) == 0 {
		return Figures{}, ErrNothingServed
	}
	slices.Sort(all)
	over := func(value func(Run) float64) float64 { return round(median(runs, value)) }
	return Figures{
		Policy:            policy,
		ServedFPS:         over(Run.fps),
		P50:               millis(quantile(all, .50)),
		P95:               millis(quantile(all, .95)),
		P99:               millis(quantile(all, .99)),
		Fill:              over(func(r Run) float64 { return r.Fill }),
		Jain:              over(func(r Run) float64 { return jain(r.Served) }),
		ServedMin:         over(func(r Run) float64 { return float64(slices.Min(r.Served)) }),
		ServedMax:         over(func(r Run) float64 { return float64(slices.Max(r.Served)) }),
		LongestPassedOver: over(func(r Run) float64 { return float64(r.LongestPassedOver) }),
		CPU:               over(Run.cpuPerEntry),
	}, nil
}

func (r Run) fps() float64 { return float64(len(r.Latencies)) / r.For.Seconds() }

func (r Run) cpuPerEntry() float64 {
	return float64(r.CPU.Nanoseconds()) / 1000 / float64(max(len(r.Latencies), 1))
}

// quantile is the least value that a share q of the ascending values does not
// exceed.
func quantile(ascending []time.Duration, q float64) time.Duration {
	return ascending[max(int(math.Ceil(q*float64(len(ascending))))-1, 0)]
}

func median(runs []Run, value func(Run) float64) float64 {
	var all []float64
	for _, r := range runs {
		all = append(all, value(r))
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// jain is (Σx)² / n·Σx².
func jain(served []int) float64 {
	sum, squares := 0., 0.
	for _, n := range served {
		sum += float64(n)
		squares += float64(n) * float64(n)
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / (float64(len(served)) * squares)
}

func millis(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

// round keeps three decimals, which is more than differs between two runs.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }
