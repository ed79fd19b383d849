package rtspout

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	const ms = time.Millisecond
	type step struct {
		at   time.Duration // now
		pts  time.Duration // -1: a filler
		want time.Duration
	}
	for name, steps := range map[string][]step{
		"packets as they are":             {{0, 70 * ms, 70 * ms}, {40 * ms, 110 * ms, 110 * ms}, {900 * ms, 150 * ms, 150 * ms}},
		"a pause without viewers":         {{0, 0, 0}, {10 * time.Second, 10 * time.Second, 10 * time.Second}},
		"PTS that does not grow":          {{0, 100 * ms, 100 * ms}, {10 * ms, 100 * ms, 110 * ms}, {20 * ms, 110 * ms, 120 * ms}},
		"fillers only":                    {{0, -1, 0}, {1000 * ms, -1, 1000 * ms}},
		"feed comes back on its clock":    {{0, 0, 0}, {2000 * ms, -1, 2000 * ms}, {2500 * ms, 2490 * ms, 2490 * ms}},
		"feed comes back behind a filler": {{0, 0, 0}, {2000 * ms, -1, 2000 * ms}, {2100 * ms, 1900 * ms, 2100 * ms}, {2140 * ms, 1940 * ms, 2140 * ms}},
		"feed comes back hours off":       {{0, 0, 0}, {2000 * ms, -1, 2000 * ms}, {2500 * ms, time.Hour, 2500 * ms}, {2540 * ms, time.Hour + 40*ms, 2540 * ms}},
		"two at the same moment":          {{0, 0, 0}, {0, -1, 1 * ms}, {0, -1, 2 * ms}},
	} {
		var c clock
		start := time.Now()
		for i, s := range steps {
			now := start.Add(s.at)
			got := time.Duration(0)
			if s.pts < 0 {
				got = c.filler(now)
			} else {
				got = c.packet(s.pts, now)
			}
			if got != s.want {
				t.Errorf("%s: step %d gives %v, want %v", name, i, got, s.want)
			}
		}
	}
}
