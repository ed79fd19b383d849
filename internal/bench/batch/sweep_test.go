package batch

import "testing"

func TestBest(t *testing.T) {
	rows := []Figures{
		{Policy: "window", ServedFPS: 80, P99: 5}, // soon, but not all
		{Policy: "fill", ServedFPS: 100, P99: 20},
		{Policy: "eager", ServedFPS: 99, P99: 10},
		{Policy: "adaptive", ServedFPS: 99.5, P99: 10.1},
	}
	if got := Best(rows).Policy; got != "eager" {
		t.Errorf("%s is the best", got)
	}
	for _, c := range []struct {
		policy string
		tie    float64
		want   bool
	}{{"eager", 0, true}, {"adaptive", 0, false}, {"adaptive", Tie, true}, {"fill", Tie, false}, {"window", Tie, false}} {
		if got := IsBest(rows, c.policy, c.tie); got != c.want {
			t.Errorf("%s within %v: %v", c.policy, c.tie, got)
		}
	}
}

func TestTheSweepCanBePlayed(t *testing.T) {
	for _, l := range Sweep() {
		if err := l.Validate(); err != nil {
			t.Errorf("%v: %v", l, err)
		}
	}
}
