package governor

import (
	"math"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*want {
		t.Errorf("%s: %.2f, want %.2f within %.0f %%", what, got, want, 100*share)
	}
}

func TestNobodyIsLimitedWithoutOverload(t *testing.T) {
	m := newModel(t, 100, equal(8, 12)...)
	m.run(120)
	if len(m.events) != 0 || m.load != Fine || m.cameras[0].target != 0 {
		t.Errorf("load %v, target %v, events %v", m.load, m.cameras[0].target, m.events)
	}
}

// A little loss is borne: it is not worth a step.
func TestALittleLossIsNoOverload(t *testing.T) {
	m := newModel(t, 92, equal(8, 12.5)...)
	m.run(120)
	if len(m.events) != 0 {
		t.Errorf("events %v", m.events)
	}
}

func TestEqualFeedsStepDownTogetherAndComeBack(t *testing.T) {
	m := newModel(t, 100, equal(12, 15)...) // 1.8 times
	m.run(15)
	var rates []float64
	for _, c := range m.cameras {
		near(t, c.name+" after 15 s", c.target, 95.0/12, .05)
	}
	m.run(120)
	for _, c := range m.cameras {
		rates = append(rates, c.rate(60))
		near(t, c.name+" in the long run", rates[len(rates)-1], 100.0/12, .06)
		if n := m.count(Degraded, c.name); n != 1 {
			t.Errorf("%s is reported %d times to be degraded", c.name, n)
		}
		for i := 15; i < len(c.targetsSince); i++ {
			if f := c.targetsSince[i]; f < 95.0/12*.93 || f > 95.0/12*1.17 {
				t.Fatalf("%s: target %.2f after %d s: more than one try away", c.name, f, i)
			}
		}
	}
	if j := jain(rates); j < .98 {
		t.Errorf("Jain's index %.3f", j)
	}
	if m.load != SteppedDown {
		t.Errorf("load %v", m.load)
	}
	m.capacity = 1000
	m.run(60)
	for _, c := range m.cameras {
		if c.target != 0 || m.count(Recovered, c.name) != 1 {
			t.Errorf("%s: target %.1f, told %d times, 60 s after the load has gone", c.name, c.target, m.count(Recovered, c.name))
		}
	}
	if m.load != Fine {
		t.Errorf("load %v", m.load)
	}
}

// A processor that was slow for a moment is not left idle for long.
func TestIdleTimeIsUsedSoon(t *testing.T) {
	m := newModel(t, 100, equal(12, 15)...)
	m.run(30)
	m.capacity = 10
	m.run(8)
	m.capacity = 100
	m.run(25)
	sum := 0.0
	for _, c := range m.cameras {
		sum += c.target
	}
	if sum < 80 {
		t.Errorf("%.1f frames a second are let through 25 s after the processor does 100 again", sum)
	}
}

// Tries that fail become rare.
func TestTriesAreFewUnderSteadyOverload(t *testing.T) {
	m := newModel(t, 50, equal(6, 15)...)
	m.run(40)
	changes := len(m.cameras[0].targetsSince)
	m.run(300)
	c, n := m.cameras[0], 0
	for i := changes; i < len(c.targetsSince); i++ {
		if c.targetsSince[i] > c.targetsSince[i-1] {
			n++
		}
	}
	if n < 5 || n > 13 {
		t.Errorf("%d raises in 5 min, want one each 25 s", n)
	}
	if n := len(m.events); n != 6 {
		t.Errorf("%d events, want one for each of 6 feeds: %v", n, m.events)
	}
}

func TestSharesFollowWeights(t *testing.T) {
	cameras := equal(4, 30)
	for i, w := range []float64{1, 1, 2, 4} {
		cameras[i].weight = w
	}
	m := newModel(t, 48, cameras...)
	m.run(15)
	sum := 0.0
	for _, c := range cameras {
		sum += c.target
	}
	for _, c := range cameras {
		near(t, c.name, c.target/sum, c.weight/8, .05)
	}
}

// What one does not want the others have.
func TestTheRestGoesToTheOthers(t *testing.T) {
	cameras := append(equal(4, 30), &camera{name: "slow", fps: 2, weight: 1})
	m := newModel(t, 52, cameras...)
	m.run(15)
	for _, c := range cameras[:4] {
		near(t, c.name, c.target, (.95*52-2)/4, .05)
	}
	if slow := cameras[4]; slow.target != 0 || slow.rate(10) < 1.99 || m.count(Degraded, "slow") != 0 {
		t.Errorf("the slow camera: target %.1f, %.1f/s", slow.target, slow.rate(10))
	}
}

func TestOneThatJoinsHasItsShare(t *testing.T) {
	m := newModel(t, 60, equal(4, 20)...)
	m.run(20)
	m.cameras = append(m.cameras, &camera{name: "new", fps: 20, weight: 1})
	m.run(15)
	for _, c := range m.cameras {
		near(t, c.name, c.target, .95*60/5, .1)
	}
	m.cameras = m.cameras[2:]
	m.run(60)
	for _, c := range m.cameras {
		if c.target != 0 {
			t.Errorf("%s: target %.1f after there is room for all", c.name, c.target)
		}
	}
	if n := len(m.g.members); n != 3 {
		t.Errorf("%d feeds are remembered, 3 are left", n)
	}
}

// A camera that goes leaves its share to the others, and has it again.
func TestOneThatIsAwayForAWhile(t *testing.T) {
	m := newModel(t, 45, equal(4, 20)...)
	m.run(20)
	m.cameras[0].away = true
	m.run(10)
	near(t, "another's target", m.cameras[1].target, .95*45/3, .15)
	m.cameras[0].away = false
	m.run(20)
	for _, c := range m.cameras {
		near(t, c.name, c.target, .95*45/4, .1)
	}
}

func TestFloorsThatDoNotFitAreSaidOnce(t *testing.T) {
	m := newModel(t, 6, equal(10, 15)...)
	m.run(180)
	for _, c := range m.cameras {
		if c.target != 1 {
			t.Errorf("%s: target %.2f, want the floor", c.name, c.target)
		}
	}
	if m.load != BelowFloors || m.count(Overload, "") != 1 || m.count(OverloadOver, "") != 0 {
		t.Errorf("load %v, events %v", m.load, m.events)
	}
	for _, e := range m.events {
		if e.Kind == Overload {
			near(t, "wanted", e.Wanted, 150, .02)
			near(t, "served", e.Target, 6, .1)
			near(t, "floors", e.Floor, 10, .01)
		}
	}
	m.capacity = 1000
	m.run(120)
	if m.load != Fine || m.count(OverloadOver, "") != 1 {
		t.Errorf("load %v when all is well again, events %v", m.load, m.events)
	}
}

// A feed that loses for a reason of its own is limited alone.
func TestOthersDoNotPayForOne(t *testing.T) {
	cameras := equal(4, 10)
	cameras[0].most = 2
	m := newModel(t, 33, cameras...)
	m.run(60)
	for _, c := range cameras[1:] {
		if r := c.rate(20); r < 9 {
			t.Errorf("%s: %.1f/s of 10 because another loses", c.name, r)
		}
	}
}

// A processor that was away was not too slow.
func TestAnOutageIsNoOverload(t *testing.T) {
	m := newModel(t, 100, equal(4, 15)...)
	m.run(10)
	for _, outage := range []int{1, 2, 3, 4, 7, 40} {
		m.capacity = 0
		m.run(outage)
		m.capacity = 100
		m.run(10)
		if len(m.events) != 0 {
			t.Fatalf("after an outage of %d s: %v", outage, m.events)
		}
	}
}

// A feed made anew begins its counts at 0.
func TestCountsThatBeginAgain(t *testing.T) {
	g := New(stepDown())
	g.Observe(time.Second, 0, []Count{{Feed: "a", Weight: 1, Wanted: 900, Served: 900}})
	g.Observe(time.Second, 0, []Count{{Feed: "a", Weight: 1, Wanted: 3, Served: 2, Lost: 1}})
	r := g.Observe(time.Second, 0, []Count{{Feed: "a", Weight: 1, Wanted: 18, Served: 17, Lost: 1}})
	if w := g.members["a"].wanted(); w != 15 || r.Load != Fine {
		t.Errorf("wanted %v, %+v", w, r)
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Config{{}, {Policy: "random", MinFPS: 1}, {Policy: Shed}, {Policy: Shed, MinFPS: 61}, {Policy: StepDown, MinFPS: math.NaN()}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestShareStaysWithinBounds(t *testing.T) {
	d := []demand{{1, 1, 20}, {2, 1, 5}, {4, 0, 3}, {1, 2, 2}}
	for _, c := range []struct{ budget, want float64 }{{0, 4}, {4, 4}, {15, 15}, {30, 30}, {99, 30}, {math.Inf(1), 30}} {
		sum := 0.0
		for i, r := range share(c.budget, d, nil) {
			sum += r
			if r < d[i].least || r > d[i].most {
				t.Errorf("budget %v: %v of %+v", c.budget, r, d[i])
			}
		}
		if math.Abs(sum-c.want) > 1e-6 {
			t.Errorf("budget %v: %v, want %v", c.budget, sum, c.want)
		}
	}
}

// What feeds lose while the processor waits is not lost for want of its time.
func TestLossesBesideAnIdleProcessorAreNoOverload(t *testing.T) {
	cameras := equal(4, 10)
	for _, c := range cameras {
		c.most = 5
	}
	m := newModel(t, 100, cameras...)
	m.run(60)
	if len(m.events) != 0 {
		t.Errorf("events %v", m.events)
	}
}
