package family

import (
	"math"
	"math/rand/v2"
	"testing"
)

// all are the subjects and the classifier.
func everyDecoder() []subject {
	return append(subjects(),
		subject{
			name: "classifier", decoder: classDecoder{ScoresAuto, testWidth, testHeight}, classes: 10,
			silent: func() []Output { return []Output{zeros(10)} },
		},
		subject{
			name: "classifier, logits", decoder: classDecoder{Logits, testWidth, testHeight}, classes: 10,
			silent: func() []Output { return []Output{zeros(10)} },
		},
	)
}

func TestNoBadNumberLeaves(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	bad := []float32{nan, inf, -inf, 3e38, -3e38, 1e10, 0, 1, .5, 50}
	for _, s := range everyDecoder() {
		t.Run(s.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			for n := range 300 {
				out := s.silent()
				for _, o := range out {
					for i := range o.Values {
						if n%2 == 0 || rng.IntN(8) == 0 { // all of it, or a little
							o.Values[i] = bad[rng.IntN(len(bad))]
						}
					}
				}
				checkCandidates(t, s, out)
			}
		})
	}
}

func checkCandidates(t *testing.T, s subject, out []Output) {
	t.Helper()
	const least = .1
	values := 0
	for _, o := range out {
		values += len(o.Values)
	}
	got := s.decoder.Decode(out, evenly(s.classes, least), nil)
	if len(got) > values {
		t.Fatalf("%d candidates of %d values", len(got), values)
	}
	for _, c := range got {
		if !(c.Score >= least && c.Score <= 1) || c.Class < 0 || int(c.Class) >= s.classes {
			t.Fatalf("%+v", c)
		}
		for _, v := range []float32{c.X1, c.Y1, c.X2, c.Y2} {
			if !(v >= -boxLimit && v <= boxLimit) {
				t.Fatalf("%+v", c)
			}
		}
		if c.X2 < c.X1 || c.Y2 < c.Y1 {
			t.Fatalf("%+v", c)
		}
	}
}

// Models that leave their shape open may give nothing, or fewer columns than
// there must be.
func TestShapesThatARunMayGive(t *testing.T) {
	shapes := [][]int64{{0, 0}, {0, 6}, {6, 0}, {1, 1}, {4, 5}, {5, 4}, {3, 2}}
	for _, d := range []Decoder{yolov5Decoder{}, yolov8Columns{}, yolov8Rows{}, scoredQueries{1, 1}} {
		for _, shape := range shapes {
			d.Decode([]Output{zeros(shape...)}, evenly(1, 0), nil)
		}
	}
	for _, d := range []Decoder{sigmoidQueries{1, 1}, softmaxQueries{1, 1}} {
		for _, shape := range shapes {
			d.Decode([]Output{zeros(shape...), zeros(2, 4)}, evenly(1, 0), nil)
		}
	}
	yolov10Decoder{}.Decode([]Output{zeros(0, 6)}, evenly(1, 0), nil)
	ssdDecoder{YXYX, 1, 1}.Decode([]Output{zeros(3, 4), zeros(2), zeros(0), zeros(1)}, evenly(1, 0), nil)
	classDecoder{}.Decode([]Output{zeros(0)}, evenly(1, 0), nil)
}

func FuzzDecode(f *testing.F) {
	all := everyDecoder()
	for i := range all {
		f.Add(byte(i), []byte("\x00\x00\x80\x3f\x00\x00\xc0\x7f"))
	}
	f.Fuzz(func(t *testing.T, which byte, seed []byte) {
		s := all[int(which)%len(all)]
		out := s.silent()
		at := 0
		for _, o := range out {
			for i := range o.Values {
				if len(seed) == 0 {
					break
				}
				var bits uint32
				for range 4 {
					bits = bits<<8 | uint32(seed[at%len(seed)])
					at++
				}
				o.Values[i] = math.Float32frombits(bits)
			}
		}
		checkCandidates(t, s, out)
	})
}
