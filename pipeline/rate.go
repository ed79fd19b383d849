package pipeline

import "time"

// rateLimit lets frames through by time, not by count, so that a camera that
// sends twice what it promised costs no more. Guarded by Feed.mu.
type rateLimit struct {
	interval time.Duration // 0: no limit
	due      time.Time
}

func newRateLimit(fps float64) rateLimit {
	if fps <= 0 {
		return rateLimit{}
	}
	return rateLimit{interval: time.Duration(float64(time.Second) / fps)}
}

// take reports whether a frame that arrived now is one to process. A frame up
// to half an interval early is taken, the nearest to its due time, so that a
// limit equal to the camera's rate passes all of a stream that jitters; what
// is due is never made up for by a burst.
func (r *rateLimit) take(now time.Time) bool {
	if r.interval == 0 {
		return true
	}
	if now.Before(r.due.Add(-r.interval / 2)) {
		return false
	}
	if now.After(r.due.Add(r.interval)) {
		r.due = now
	}
	r.due = r.due.Add(r.interval)
	return true
}
