package batch

import (
	"errors"
	"testing"
	"time"
)

func TestFiguresOfAKnownStream(t *testing.T) {
	var first []time.Duration
	for i := range 100 {
		first = append(first, time.Duration(i+1)*ms)
	}
	runs := []Run{
		{For: 2 * time.Second, Latencies: first, Served: []int{60, 40}, Fill: .5, LongestPassedOver: 3, CPU: 200 * ms},
		{For: 2 * time.Second, Latencies: []time.Duration{200 * ms, 300 * ms}, Served: []int{1, 1}, Fill: 1, LongestPassedOver: 0, CPU: 20 * ms},
	}
	f, err := Summarise("fill", runs)
	want := Figures{
		Policy: "fill", ServedFPS: 25.5, P50: 51, P95: 97, P99: 200, Fill: .75, // the 51st, 97th and 101st of 102
		Jain: .981, ServedMin: 20.5, ServedMax: 30.5, LongestPassedOver: 1.5, CPU: 6000,
	}
	if err != nil || f != want {
		t.Errorf("%+v, %v\nwant %+v", f, err, want)
	}
}

func TestFiguresOfNothing(t *testing.T) {
	if _, err := Summarise("fill", []Run{{For: time.Second, Served: []int{0}}}); !errors.Is(err, ErrNothingServed) {
		t.Error(err)
	}
}

func TestQuantile(t *testing.T) {
	one := []time.Duration{ms}
	two := []time.Duration{ms, 2 * ms}
	for _, c := range []struct {
		of   []time.Duration
		q    float64
		want time.Duration
	}{{one, 0, ms}, {one, .5, ms}, {one, 1, ms}, {two, .5, ms}, {two, .51, 2 * ms}, {two, 1, 2 * ms}} {
		if got := quantile(c.of, c.q); got != c.want {
			t.Errorf("%v of %v: %v, want %v", c.q, c.of, got, c.want)
		}
	}
}

func TestJain(t *testing.T) {
	for _, c := range []struct {
		served []int
		want   float64
	}{{[]int{7, 7, 7}, 1}, {[]int{9, 0, 0}, 1. / 3}, {[]int{0, 0}, 0}} {
		if got := jain(c.served); got != c.want {
			t.Errorf("%v: %v, want %v", c.served, got, c.want)
		}
	}
}
