package family

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/processors/detect/nms"
)

// What a model is made to say by its family's own rule comes back exactly once
// each, wherever it lies.
func TestDecodersReturnWhatWasSaid(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				out := s.silent()
				want := map[int32]nms.Candidate{}
				for _, i := range rng.Perm(s.places)[:1+rng.IntN(5)] {
					thing := randomThing(rng, s.classes)
					s.say(out, i, thing)
					want[int32(s.indexOf(i, thing.class))] = thing.candidate()
				}
				sameCandidates(t, s.decoder.Decode(out, evenly(s.classes, .4), nil), want)
			}
		})
	}
}

func sameCandidates(t *testing.T, got []nms.Candidate, want map[int32]nms.Candidate) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d candidates, want %d: %+v", len(got), len(want), got)
	}
	for _, g := range got {
		w, ok := want[g.Index]
		if !ok || g.Class != w.Class {
			t.Fatalf("got %+v, want %+v", g, w)
		}
		for _, d := range []float32{g.X1 - w.X1, g.Y1 - w.Y1, g.X2 - w.X2, g.Y2 - w.Y2, 100 * (g.Score - w.Score)} {
			if !(math.Abs(float64(d)) <= 1e-3) {
				t.Fatalf("got %+v, want %+v", g, w)
			}
		}
	}
}

func TestDecodersKeepThresholds(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			for _, c := range []struct {
				name       string
				thresholds Thresholds
				want       int
			}{
				{"above", Thresholds{[]float32{.6, .6}, inf, .6}, 1},
				{"below", Thresholds{[]float32{.8, .8}, inf, .8}, 0},
				{"its class's own is lower", Thresholds{[]float32{.8, .6}, inf, .6}, 1},
				{"its class's own is higher", Thresholds{[]float32{.6, .8}, inf, .6}, 0},
				{"its class is not wanted", Thresholds{[]float32{.1, inf}, inf, .1}, 0},
				{"no class has a threshold of its own", Thresholds{nil, .6, .6}, 1},
				{"none is wanted", Thresholds{[]float32{inf, inf}, inf, inf}, 0},
			} {
				out := s.silent()
				s.say(out, 7, thing{8, 8, 40, 40, 1, .7})
				if c.thresholds.Class != nil { // other classes have the first one's
					for len(c.thresholds.Class) < s.classes {
						c.thresholds.Class = append(c.thresholds.Class, c.thresholds.Class[0])
					}
				}
				if got := s.decoder.Decode(out, c.thresholds, nil); len(got) != c.want {
					t.Errorf("%s: %+v", c.name, got)
				}
			}
		})
	}
}

// Columns and rows that say the same are read the same, however many they are.
func TestYOLOv8Transposed(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 127, 1023, 1024, 1025, 2500} {
		const values = boxHead + 7
		rows, columns := zeros(int64(n), values), zeros(values, int64(n))
		for i := range n {
			for k := range values {
				v := rng.Float32()
				if k < boxHead {
					v *= 100
				}
				rows.Values[i*values+k], columns.Values[k*n+i] = v, v
			}
		}
		want := yolov8Rows{}.Decode([]Output{rows}, evenly(7, .9), nil)
		got := yolov8Columns{}.Decode([]Output{columns}, evenly(7, .9), nil)
		if !slices.Equal(got, want) || n > 100 && len(got) == 0 {
			t.Errorf("%d columns: %d candidates, want %d", n, len(got), len(want))
		}
	}
}

// A row belongs to its best class, wanted or not; only RT-DETR's logits may
// say several things of one box.
func TestAnUnwantedClassDoesNotBecomeTheSecondBest(t *testing.T) {
	inf := float32(math.Inf(1))
	out := Output{[]int64{1, 7}, []float32{50, 50, 20, 20, 1, .9, .8}}
	if got := (yolov5Decoder{}).Decode([]Output{out}, Thresholds{[]float32{inf, .3}, inf, .3}, nil); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	logits, boxes := Output{[]int64{1, 2}, []float32{2, 1}}, Output{[]int64{1, 4}, []float32{.5, .5, .1, .1}}
	if got := (sigmoidQueries{100, 100}).Decode([]Output{logits, boxes}, evenly(2, .5), nil); len(got) != 2 || got[0].Class != 0 || got[1].Class != 1 {
		t.Errorf("%+v", got)
	}
}

func TestSSDBelievesItsCount(t *testing.T) {
	s := subjects()[8]
	for count, want := range map[float32]int{0: 0, 1: 1, 2: 2, 20: 2, 1e9: 2, -1: 2, float32(math.NaN()): 2} {
		out := s.silent()
		s.say(out, 0, thing{1, 1, 9, 9, 3, .9})
		s.say(out, 1, thing{1, 1, 9, 9, 4, .9})
		out[3].Values[0] = count
		if got := s.decoder.Decode(out, evenly(90, .5), nil); len(got) != want {
			t.Errorf("count %v: %d candidates, want %d", count, len(got), want)
		}
	}
}

func TestClassifier(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores Scores
		values []float32
		want   map[int32]float32 // confidence by class
	}{
		{"probabilities", ScoresAuto, []float32{.1, .7, .2}, map[int32]float32{1: .7}},
		{"probabilities in half precision", ScoresAuto, []float32{.1, .6997, .2}, map[int32]float32{1: .6997}},
		{"logits", ScoresAuto, []float32{0, logOf(8), 0}, map[int32]float32{1: .8}},
		{"logits that look like probabilities", Logits, []float32{0, 1, 0}, map[int32]float32{1: .57611}},
		{"several classes at once", Probabilities, []float32{.9, .1, .8}, map[int32]float32{0: .9, 2: .8}},
		{"far above what an exponential holds", ScoresAuto, []float32{0, 3e38, -3e38}, map[int32]float32{1: 1}},
		{"not a number", ScoresAuto, []float32{0, float32(math.NaN()), 9}, nil},
	} {
		d := classDecoder{c.scores, 224, 224}
		got := d.Decode([]Output{{[]int64{3}, c.values}}, evenly(3, .5), nil)
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		for _, g := range got {
			if math.Abs(float64(g.Score-c.want[g.Class])) > 1e-4 || g.X2 != 224 || g.Y2 != 224 {
				t.Errorf("%s: %+v", c.name, g)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name    string
		decoder Decoder
		out     Output
	}{
		{"yolox", newYOLOXDecoder(416, 416, strideSets[0]), zeros(3549, 85)},
		{"yolov5", yolov5Decoder{}, zeros(25200, 85)},
		{"yolov8", yolov8Columns{}, zeros(84, 8400)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var dst []nms.Candidate
			t := evenly(80, .3)
			b.ReportAllocs()
			for b.Loop() {
				dst = c.decoder.Decode([]Output{c.out}, t, dst[:0])
			}
		})
	}
}
