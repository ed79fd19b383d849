package pipeline

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const frameTime = 40 * time.Millisecond

func TestClockFollowsTheStream(t *testing.T) {
	now, in := time.Now(), 3*time.Hour
	var c streamClock
	for i := range 100 {
		if got, want := c.at(now, in), time.Duration(i)*frameTime; got != want {
			t.Fatalf("frame %d at %v, want %v", i, got, want)
		}
		// The network's jitter is not the stream's.
		now, in = now.Add(rand.N(2*frameTime)), in+frameTime
	}
	if c.jumps != 0 {
		t.Errorf("%d jumps", c.jumps)
	}
}

func TestClockAcrossConnections(t *testing.T) {
	now := time.Now()
	for _, in := range []time.Duration{0, 10 * time.Millisecond, time.Hour} {
		var c streamClock
		first := c.at(now, time.Minute)
		c.rejoin()
		second := c.at(now.Add(7*time.Second), in)
		if second-first != 7*time.Second {
			t.Errorf("joined at %v: the outage is %v long, want 7s", in, second-first)
		}
		if c.jumps != 0 {
			t.Error("a new connection is counted as a jump")
		}
		if third := c.at(now.Add(7*time.Second+frameTime), in+frameTime); third-second != frameTime {
			t.Errorf("joined at %v: a frame is %v long", in, third-second)
		}
	}
}

func TestClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		step, passed, want time.Duration
		jump               bool
	}{
		"a frame":                 {frameTime, frameTime, frameTime, false},
		"a gap within belief":     {4 * time.Second, frameTime, 4 * time.Second, false},
		"hours ahead":             {10 * time.Hour, frameTime, frameTime, true},
		"hours back":              {-10 * time.Hour, frameTime, frameTime, true},
		"a little back":           {-frameTime, frameTime, frameTime, true},
		"twice the same":          {0, frameTime, frameTime, true},
		"twice the same, at once": {0, 0, minStep, true},
		"a slow camera":           {30 * time.Second, 30 * time.Second, 30 * time.Second, false},
		"a backlog after a stall": {frameTime, 20 * time.Second, frameTime, false},
		"past the range":          {math.MinInt64 + time.Hour, frameTime, frameTime, true},
	} {
		now := time.Now()
		var k streamClock
		first := k.at(now, time.Hour)
		got := k.at(now.Add(c.passed), time.Hour+c.step)
		if got-first != c.want || (k.jumps == 1) != c.jump {
			t.Errorf("%s: %v on the feed's clock and %d jumps, want %v, jump %v", name, got-first, k.jumps, c.want, c.jump)
		}
	}
}

// Whatever a stream's times do, the feed's clock is strictly increasing and
// never further ahead of the host's than what is believed of the stream.
func TestClockIsStrictlyIncreasing(t *testing.T) {
	for range 2000 {
		now, in := time.Now(), time.Duration(rand.Int64())
		start := now
		var c streamClock
		last := time.Duration(-1)
		for range 200 {
			passed := rand.N(time.Second)
			now = now.Add(passed)
			switch rand.IntN(12) {
			case 0:
				in = time.Duration(rand.Int64()) - time.Duration(rand.Int64())
			case 1:
				in -= rand.N(time.Hour)
			case 2:
				in += rand.N(time.Hour)
			case 3:
				c.rejoin()
				in = rand.N(time.Second)
			case 4: // the same time once more
			default:
				in += passed
			}
			got := c.at(now, in)
			if got <= last {
				t.Fatalf("%v after %v", got, last)
			}
			if step, most := got-last, max(jumpStep, passed+jumpSlack); last >= 0 && step > most {
				t.Fatalf("a step of %v after %v", step, passed)
			}
			last = got
		}
		if start.After(now) {
			t.Fatal("the test's own clock went back")
		}
	}
}
