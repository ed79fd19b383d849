package pipeline

import "time"

// rateLimit lets frames through by time, not by count, so that a camera that
// sends twice what it promised costs no more. Guarded by Feed.mu.
type rateLimit struct {
	interval time.Duration // 0: no limit
	due      time.Time
}

func newRateLimit(fps float64) rateLimit { return rateLimit{interval: interval(fps)} }

func interval(fps float64) time.Duration {
	if fps <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / fps)
}

// change sets another rate; the frame that is due comes sooner or later by as
// much as the interval has changed.
func (r *rateLimit) change(fps float64) {
	was := r.interval
	if r.interval = interval(fps); r.interval > 0 {
		r.due = r.due.Add(r.interval - was)
	}
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

// rates are a lane's: its own, by its config, and the target that it has while
// the processor is overloaded. Side by side, because one behind the other would
// let through what the first leaves of the second's beat. Guarded by Feed.mu.
type rates struct {
	own, target rateLimit // target.interval 0: none
	fps         float64   // what target was set to
	wanted      uint64    // frames that own has let through
}

// take reports whether a frame that arrived now is one to process.
func (r *rates) take(now time.Time) bool {
	wanted := r.own.take(now)
	if wanted {
		r.wanted++
	}
	if r.target.interval > r.own.interval {
		return r.target.take(now)
	}
	return wanted
}

// SetTarget limits what processor i is given of the feed to fps frames a second,
// for as long as the processor is overloaded; 0, or more than the feed's own rate
// for it: no limit. Frames left out for that are skipped. i counts
// Settings.Processors.
func (f *Feed) SetTarget(i int, fps float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := &f.lanes[i].rates; r.fps != fps {
		r.fps = fps
		r.target.change(fps)
	}
}

// Target is what SetTarget said last; 0: no limit.
func (f *Feed) Target(i int) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lanes[i].rates.fps
}

// Wanted is how many frames processor i would have been given so far without any
// target.
func (f *Feed) Wanted(i int) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lanes[i].rates.wanted
}
