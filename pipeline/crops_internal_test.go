package pipeline

import (
	"math"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

func at(label string, confidence, x0, y0, x1, y1 float32) frame.Detection {
	return frame.Detection{Label: label, Confidence: confidence, Box: frame.Box{XMin: x0, YMin: y0, XMax: x1, YMax: y1}}
}

func TestCropsAreTheMostConfident(t *testing.T) {
	nan := float32(math.NaN())
	found := []frame.Detection{
		at("car", .5, .1, .1, .3, .3),       // 0
		at("cat", .9, .1, .1, .3, .3),       // 1: not a class wanted
		at("car", .8, 0, 0, 1, .5),          // 2
		at("person", .8, .5, .5, .6, .6),    // 3: as confident as 2, and after it
		at("car", .95, .1, .1, .105, .9),    // 4: too narrow
		at("car", .95, .3, .3, .1, .1),      // 5: inverted
		at("car", .95, nan, .1, .3, .3),     // 6
		at("car", nan, .1, .1, .3, .3),      // 7
		at("car", .1, .1, .1, .3, .3),       // 8: not confident enough
		at("person", .99, 1.2, .1, 1.4, .3), // 9: outside
		at("person", .85, .9, .9, 1.1, 1.1), // 10: reaches beyond the picture
		at("person", .6, .2, .2, .4, .4),    // 11
	}
	c := &CropConfig{Of: "a", Classes: []string{"car", "person"}, MinConfidence: .3, MinSize: .01, Margin: .5, Most: 3}
	var s crops
	for range 2 { // in the memory of those before
		s.choose(c, found)
		if want := []int{10, 2, 3}; !slices.Equal(s.parents, want) || s.leftOut != 2 {
			t.Fatalf("crops of %v, %d left out, want %v and 2", s.parents, s.leftOut, want)
		}
	}
	for i, want := range [][4]float32{{.8, .8, 1, 1}, {0, 0, 1, .75}, {.45, .45, .65, .65}} {
		b := s.regions[i]
		for j, v := range []float32{b.XMin, b.YMin, b.XMax, b.YMax} {
			if math.Abs(float64(v-want[j])) > 1e-6 {
				t.Errorf("crop %d is %v, want %v", i, b, want)
			}
		}
	}
	s.choose(c, nil)
	if len(s.regions) != 0 || len(s.parents) != 0 || s.leftOut != 0 {
		t.Errorf("crops of nothing: %+v", s)
	}
}

func TestCropConfigReportsEveryMistake(t *testing.T) {
	if err := DefaultCropConfig().Validate(); err != nil {
		t.Error(err)
	}
	nan := math.NaN()
	bad := CropConfig{Of: "a", Classes: []string{""}, MinConfidence: 1.1, MinSize: -1, Margin: nan, Most: 65}
	joined, ok := bad.Validate().(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 5 {
		t.Errorf("%v, want five mistakes", bad.Validate())
	}
}

func BenchmarkChoose(b *testing.B) {
	var found []frame.Detection
	for i := range 64 {
		x := float32(i) / 64
		found = append(found, at("car", x, x/2, 0, x/2+.2, 1))
	}
	c := DefaultCropConfig()
	var s crops
	b.ReportAllocs()
	for b.Loop() {
		s.choose(&c, found)
	}
}
