package batch

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
)

const ms = time.Millisecond

func TestParseCost(t *testing.T) {
	for text, want := range map[string]Cost{
		"4ms+1ms": {4 * ms, ms}, "5ms": {5 * ms, 0}, "0s+10ms": {0, 10 * ms}, "0+10ms": {0, 10 * ms}, "1.5ms+200us": {1500 * time.Microsecond, 200 * time.Microsecond},
	} {
		if c, err := ParseCost(text); err != nil || c != want {
			t.Errorf("%q: %v, %v; want %v", text, c, err, want)
		}
		if again, err := ParseCost(want.String()); err != nil || again != want {
			t.Errorf("%v is written in a form that is read as %v, %v", want, again, err)
		}
	}
	for _, text := range []string{"", "4", "4ms+", "+1ms", "4ms+1", "4ms+1ms+1ms", "-1ms+1ms", "1ms+-1ms", "4ms 1ms"} {
		if c, err := ParseCost(text); err == nil || !strings.Contains(err.Error(), "4ms+1ms") {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}

func TestCostOf(t *testing.T) {
	if d := (Cost{4 * ms, ms}).Of(8); d != 12*ms {
		t.Errorf("a call for 8 takes %v", d)
	}
	if d := (Cost{ms, math.MaxInt64 / 2}).Of(1024); d != math.MaxInt64 {
		t.Errorf("an endless call takes %v", d)
	}
}

func TestValidateReportsEveryMistake(t *testing.T) {
	good := Load{Feeds: 1, FPS: 15, Size: 1, Window: ms}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	err := Load{Feeds: 0, FPS: math.NaN(), Size: 0, Window: 0, Target: -1}.Validate()
	for _, key := range []string{"feeds: must be 1–1000", "fps: must be 0 (closed loop) to 1000", "size: must be 1–1024", "window: must be above 0", "target: must be above 0"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v: does not say %q", err, key)
		}
	}
	slow, endless := good, good
	slow.Cost.Base = 5 * time.Second
	endless.FPS = 0
	for _, l := range []Load{slow, endless} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), "cost: must be") {
			t.Errorf("%v: %v", l, err)
		}
	}
}

func TestPoliciesAreThoseOfTheCoordinator(t *testing.T) {
	c := batchsink.DefaultConfig()
	c.Policy = "none"
	if err := c.Validate(); !strings.Contains(err.Error(), "must be one of "+strings.Join(Policies, ", ")+", is") {
		t.Errorf("batchsink says %v, this package has %v", err, Policies)
	}
	for _, p := range Policies {
		if err := CheckPolicy(p, Load{}); err != nil {
			t.Error(err)
		}
		if err := CheckPolicy(p, Load{Target: ms}); (err == nil) != (p == "adaptive") {
			t.Errorf("%s with a target: %v", p, err)
		}
	}
	if err := CheckPolicy("none", Load{}); err == nil || !strings.Contains(err.Error(), "window, fill, eager, adaptive") {
		t.Error(err)
	}
}
