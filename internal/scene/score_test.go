package scene

import (
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

func at(x, y, w, h float32) frame.Box { return frame.Box{XMin: x, YMin: y, XMax: x + w, YMax: y + h} }

func TestScore(t *testing.T) {
	seen := func(b frame.Box) Object { return Object{Box: b, Visible: 1, Kind: Van} }
	hidden := func(b frame.Box) Object { return Object{Box: b, Visible: .4} }
	box := at(.2, .2, .1, .1)
	for name, c := range map[string]struct {
		truth []Object
		got   []frame.Box
		want  Score
	}{
		"nothing":                  {nil, nil, Score{}},
		"exact":                    {[]Object{seen(box)}, []frame.Box{box}, Score{Found: 1}},
		"a bit off":                {[]Object{seen(box)}, []frame.Box{at(.22, .21, .1, .1)}, Score{Found: 1}},
		"too far off":              {[]Object{seen(box)}, []frame.Box{at(.25, .25, .1, .1)}, Score{Missed: 1, False: 1}},
		"missed":                   {[]Object{seen(box)}, nil, Score{Missed: 1}},
		"false":                    {nil, []frame.Box{box}, Score{False: 1}},
		"twice":                    {[]Object{seen(box)}, []frame.Box{box, box}, Score{Found: 1, False: 1}},
		"one box for two":          {[]Object{seen(box), seen(at(.21, .2, .1, .1))}, []frame.Box{box}, Score{Found: 1, Missed: 1}},
		"the better match wins":    {[]Object{seen(at(.23, .2, .1, .1)), seen(box)}, []frame.Box{box, at(.25, .2, .1, .1)}, Score{Found: 2}},
		"hidden is not demanded":   {[]Object{hidden(box)}, nil, Score{}},
		"hidden is not forbidden":  {[]Object{hidden(box)}, []frame.Box{box}, Score{Excused: 1}},
		"part of a hidden one":     {[]Object{hidden(box)}, []frame.Box{at(.2, .2, .02, .02)}, Score{Excused: 1}},
		"a hidden one excuses one": {[]Object{hidden(box)}, []frame.Box{box, box}, Score{Excused: 1, False: 1}},
		"elsewhere than the hidden": {[]Object{hidden(box)}, []frame.Box{at(.26, .26, .1, .1)},
			Score{False: 1}},
		"those that count go first": {[]Object{hidden(box), seen(at(.22, .2, .1, .1))}, []frame.Box{box},
			Score{Found: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []frame.Detection
			for _, b := range c.got {
				got = append(got, frame.Detection{Box: b})
			}
			var s Score
			s.Add(c.truth, got)
			c.want.Frames, s.OverlapSum = 1, 0
			if s != c.want {
				t.Errorf("%+v, want %+v", s, c.want)
			}
		})
	}
}

func TestScoreByKind(t *testing.T) {
	box := at(.2, .2, .1, .1)
	truth := []Object{{Box: box, Visible: 1, Kind: Van}}
	s := Score{ByKind: true}
	s.Add(truth, []frame.Detection{{Box: box, Label: "person"}})
	s.Add(truth, []frame.Detection{{Box: box, Label: "van"}})
	if s.Found != 1 || s.Missed != 1 || s.False != 1 || s.Recall() != .5 || s.Precision() != .5 {
		t.Errorf("%+v", s)
	}
}

func TestKindScores(t *testing.T) {
	van, ball := at(.2, .2, .1, .1), at(.6, .6, .1, .1)
	truth := []Object{{Box: van, Visible: 1, Kind: Van}, {Box: ball, Visible: 1, Kind: Ball}}
	var k KindScores
	k.Add(truth, []frame.Detection{{Box: van, Label: "van"}, {Box: ball, Label: "box"}})
	want := KindScores{Ball: {Frames: 1, Missed: 1}, Box: {Frames: 1, False: 1}, Van: {Frames: 1, Found: 1, OverlapSum: 1}, Person: {Frames: 1}}
	if k != want || k[Van].MeanIoU() != 1 || k[Ball].MeanIoU() != 0 {
		t.Errorf("%+v, want %+v", k, want)
	}
}
