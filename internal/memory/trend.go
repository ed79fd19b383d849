package memory

import (
	"math"
	"time"
)

const (
	// Every is the time between samples.
	Every = 10 * time.Second
	// perMinute samples make one minute's mean.
	perMinute = int(time.Minute / Every)
	// fewest and most minutes that are judged.
	fewest, most = 7, 10
	// leastRate is the growth that matters, in bytes a minute: 1.4 GiB a day.
	leastRate = float64(1 << 20)
	// certainty is how many standard errors the growth must be above that.
	certainty = 6
)

// trend is the latest samples of the resident memory, in bytes.
type trend struct{ samples []float64 }

func (t *trend) add(resident float64) {
	if len(t.samples) == most*perMinute {
		t.samples = append(t.samples[:0], t.samples[1:]...)
	}
	t.samples = append(t.samples, resident)
}

func (t *trend) forget() { t.samples = t.samples[:0] }

// rate is how fast the memory grows, in bytes a minute; 0 while there are too
// few samples. growing: that is steady, and matters.
func (t *trend) rate() (rate float64, growing bool) {
	steps := t.steps()
	if len(steps) < fewest-1 {
		return 0, false
	}
	rate, err := mean(steps)
	return rate, rate-certainty*err > leastRate
}

// steps are the growths from each minute to the next.
func (t *trend) steps() (steps []float64) {
	n := len(t.samples) / perMinute
	rest := t.samples[len(t.samples)-n*perMinute:]
	var before float64
	for m := range n {
		now, _ := mean(rest[m*perMinute:][:perMinute])
		if m > 0 {
			steps = append(steps, now-before)
		}
		before = now
	}
	return steps
}

// mean is the mean and its standard error.
func mean(values []float64) (mean, err float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		err += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(err / (n - 1) / n)
}
