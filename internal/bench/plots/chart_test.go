package plots

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

func TestAxis(t *testing.T) {
	linear, log := Axis{From: 0, To: 200}, Axis{From: 5, To: 500, Log: true}
	for _, c := range []struct {
		axis    Axis
		v, want float64
	}{{linear, 0, 0}, {linear, 50, .25}, {linear, 300, 1}, {log, 5, 0}, {log, 50, .5}, {log, 500, 1}, {log, 0, 0}} {
		if got := c.axis.at(c.v); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v on %+v is at %v, want %v", c.v, c.axis, got, c.want)
		}
	}
}

func TestSVG(t *testing.T) {
	axis := Axis{Name: "a < b", To: 10, Ticks: []float64{0, 10}}
	svg := SVG("about & more", []Panel{
		{"first", []Line{{"one", []Point{{0, 0}, {40, 10}}}, {"two", []Point{{40, 5}}}}, axis},
		{"second", []Line{{"two", []Point{{40, 5}}}}, axis},
		{"third", nil, axis},
	})
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
	for _, want := range []string{
		`width="800" height="614"`,       // two rows under the legend
		`points="52.0,246.0 386.0,34.0"`, // from corner to corner
		`translate(400 34)`,              // the second beside the first
		`translate(0 324)`,               // the third below
		`a &lt; b`, `about &amp; more`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if n := strings.Count(svg, styles[1].colour); n != 3 {
		t.Errorf("the second line's colour is there %d times: in the legend and two panels are 3", n)
	}
}

func TestLost(t *testing.T) {
	figures := func(p99 ...float64) (all []batch.Figures) {
		for i, v := range p99 {
			all = append(all, batch.Figures{Policy: batch.Policies[i], ServedFPS: 60, P99: v})
		}
		return all
	}
	l := batch.Load{Feeds: 4, FPS: 15, Cost: batch.Cost{Base: 4 * ms, Each: ms}}
	table := lost([]row{{l, figures(50, 40, 10, 10.1)}, {l, figures(50, 40, 10, 20)}}, "adaptive")
	if !strings.Contains(table, "**1 of 2**") || !strings.HasSuffix(table, "|---|\n| 4 | 15 fps | 4ms + 1ms·n | eager | 50.0 (60) | 40.0 (60) | 10.0 (60) | 20.0 (60) |\n") {
		t.Error(table)
	}
}

func TestPlaced(t *testing.T) {
	text := "a\n" + tableBegins + "old\n" + tableEnds + "b\n"
	got, err := placed(text, "new\n")
	if want := strings.Replace(text, "old", "new", 1); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, text := range []string{"", tableBegins, tableEnds} {
		if _, err := placed(text, ""); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
}
