package pipeline

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestPausesClimb(t *testing.T) {
	s := time.Second
	for reason, want := range map[Reason][]time.Duration{
		ReasonLost:        {s, 2 * s, 4 * s, 5 * s, 5 * s, 5 * s},
		ReasonStalled:     {s, 2 * s, 4 * s, 5 * s, 5 * s},
		ReasonUnreachable: {s, 2 * s, 4 * s, 5 * s, 5 * s},
		ReasonLongGOP:     {s, 2 * s, 4 * s, 5 * s},
		ReasonConfig:      {s, 2 * s, 4 * s, 5 * s},
		ReasonNone:        {s, 2 * s, 4 * s, 5 * s},
		ReasonAuthFailed:  {5 * s, 20 * s, 30 * time.Minute, 30 * time.Minute},
		ReasonNotFound:    {time.Minute, time.Minute},
		ReasonNoVideo:     {time.Minute, time.Minute},
		ReasonUnsupported: {time.Minute, time.Minute},
		ReasonBusy:        {10 * s, 20 * s, 40 * s, time.Minute, time.Minute},
	} {
		var b backoff
		now := time.Now()
		var got []time.Duration
		middle := .5
		if ladderOf(reason).lengthenOnly {
			middle = 0
		}
		for range want {
			got = append(got, b.next(now, reason, 0, middle))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", reason, got, want)
		}
	}
}

func TestPausesAreSpread(t *testing.T) {
	for _, c := range []struct {
		reason Reason
		lo, hi time.Duration
	}{
		{ReasonLost, 800 * time.Millisecond, 1200 * time.Millisecond},
		{ReasonAuthFailed, 5 * time.Second, 6 * time.Second},
	} {
		var a, b backoff
		if got := a.next(time.Now(), c.reason, 0, 0); got != c.lo {
			t.Errorf("%s: shortest %v, want %v", c.reason, got, c.lo)
		}
		if got := b.next(time.Now(), c.reason, 0, 1); got != c.hi {
			t.Errorf("%s: longest %v, want %v", c.reason, got, c.hi)
		}
	}
}

// Three wrong passwords in 30 min at most, whatever else fails in between and
// however the dice fall.
func TestAccountIsNotLocked(t *testing.T) {
	for range 1000 {
		var b backoff
		start := time.Now()
		var now time.Duration
		var tries []time.Duration
		for now < 6*time.Hour {
			tries = append(tries, now)
			now += b.next(start.Add(now), ReasonAuthFailed, 0, rand.Float64())
			if rand.IntN(2) == 0 {
				now += b.next(start.Add(now), ReasonLost, rand.N(resetAfter), rand.Float64())
			}
		}
		for i := 3; i < len(tries); i++ {
			if tries[i]-tries[i-3] < 30*time.Minute {
				t.Fatalf("four tries within %v", tries[i]-tries[i-3])
			}
		}
	}
}

func TestOnlyALongConnectionResetsThePauses(t *testing.T) {
	var b backoff
	now := time.Now()
	for range 3 {
		b.next(now, ReasonLost, 0, .5)
	}
	if got := b.next(now, ReasonLost, resetAfter-1, .5); got != 5*time.Second {
		t.Errorf("after a short connection %v, want 5s", got)
	}
	if got := b.next(now, ReasonLost, resetAfter, .5); got != time.Second {
		t.Errorf("after a long connection %v, want 1s", got)
	}
}

// A camera that is off for long is asked rarely; one that is back is asked as
// before.
func TestLongOutage(t *testing.T) {
	var b backoff
	now, start := time.Now(), time.Now()
	for now.Sub(start) < longOutage {
		pause := b.next(now, ReasonUnreachable, 0, .5)
		if pause > 5*time.Second {
			t.Fatalf("pause %v after %v", pause, now.Sub(start))
		}
		now = now.Add(pause)
	}
	if got := b.next(now, ReasonUnreachable, 0, 1); got != 36*time.Second {
		t.Errorf("pause %v after five minutes, want 36s", got)
	}
	if got := b.next(now, ReasonNotFound, 0, .5); got != time.Minute {
		t.Errorf("pause %v for a wrong path, want 1m0s", got)
	}
	if got := b.next(now, ReasonLost, resetAfter, .5); got != time.Second {
		t.Errorf("pause %v after frames have come, want 1s", got)
	}
}

func TestLimits(t *testing.T) {
	c := DefaultConfig()
	for _, x := range []struct{ interval, want time.Duration }{
		{0, 5 * time.Second}, {40 * time.Millisecond, 5 * time.Second}, {2 * time.Second, 10 * time.Second}, {time.Minute, time.Minute},
	} {
		if got := stallLimit(c, x.interval); got != x.want {
			t.Errorf("stall limit at %v: %v, want %v", x.interval, got, x.want)
		}
	}
	for _, x := range []struct{ gop, want time.Duration }{
		{0, 15 * time.Second}, {2 * time.Second, 15 * time.Second}, {time.Minute, 2 * time.Minute}, {time.Hour, 3 * time.Minute},
	} {
		if got := firstFrameLimit(c, x.gop); got != x.want {
			t.Errorf("first frame limit at %v: %v, want %v", x.gop, got, x.want)
		}
	}
}

func TestPaceLearns(t *testing.T) {
	now := time.Now()
	var p pace
	for range 20 {
		p.frame(now)
		p.keyframe(now)
		now = now.Add(2 * time.Second)
	}
	if p.interval != 2*time.Second || p.gop != 2*time.Second || p.fps() != .5 {
		t.Errorf("interval %v, gop %v, fps %v", p.interval, p.gop, p.fps())
	}
	now = now.Add(time.Hour)
	p.begin() // an outage is no interval
	p.frame(now)
	p.keyframe(now)
	if p.interval != 2*time.Second || p.gop != 2*time.Second {
		t.Errorf("after an outage: interval %v, gop %v", p.interval, p.gop)
	}
}

func TestVerdicts(t *testing.T) {
	t0 := time.Now()
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	base := vitals{since: t0, connectLimit: 10 * time.Second, firstFrameLimit: 15 * time.Second, stallLimit: 5 * time.Second}
	for name, c := range map[string]struct {
		state              State
		lastFrame, lastPkt float64 // seconds; negative: none
		now                float64
		want               State
		reason             Reason
		look               float64
	}{
		"connecting":                       {Connecting, -1, -1, 9.9, Connecting, "", 10},
		"connected to nobody":              {Connecting, -1, -1, 10, Stalled, ReasonUnreachable, 0},
		"waiting, packets not known":       {WaitingKeyframe, -1, -1, 14, WaitingKeyframe, "", 15},
		"waiting, packets flow":            {WaitingKeyframe, -1, 8, 9, WaitingKeyframe, "", 13},
		"waiting, the end is nearer":       {WaitingKeyframe, -1, 12, 13, WaitingKeyframe, "", 15},
		"waiting, packets stop":            {WaitingKeyframe, -1, 3, 8, Stalled, ReasonStalled, 0},
		"waiting too long":                 {WaitingKeyframe, -1, 14.9, 15, Stalled, ReasonNoVideo, 0},
		"live":                             {Live, 100, 100, 104.9, Live, "", 105},
		"silent":                           {Live, 100, 100.2, 105, Stalled, ReasonStalled, 0},
		"packets not known":                {Live, 100, -1, 105, Stalled, ReasonStalled, 0},
		"packets, but no frames":           {Live, 100, 104.9, 105, WaitingKeyframe, ReasonLongGOP, 109.9},
		"packets, but no frames for ever":  {Live, 100, 114.9, 115, Stalled, ReasonNoVideo, 0},
		"frames stopped, then the packets": {Live, 100, 103, 108.5, Stalled, ReasonStalled, 0},
	} {
		v := base
		v.state = c.state
		if c.lastFrame >= 0 {
			v.lastFrame = at(c.lastFrame)
		}
		if c.lastPkt >= 0 {
			v.lastPacket = at(c.lastPkt)
		}
		state, reason, look := v.verdict(at(c.now))
		if state != c.want || reason != c.reason {
			t.Errorf("%s: %v (%s), want %v (%s)", name, state, reason, c.want, c.reason)
		}
		if state != Stalled && !look.Equal(at(c.look)) {
			t.Errorf("%s: look again at %v, want %v", name, look.Sub(t0), c.look)
		}
	}
}
