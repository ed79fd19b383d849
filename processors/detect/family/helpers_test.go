package family

import (
	"math"
	"math/rand/v2"

	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// value is an output; a size of 0 is open.
func value(name string, typ tensor.Type, sizes ...int64) tensor.Value {
	v := tensor.Value{Name: name, Type: typ, Shape: []tensor.Dim{}}
	for _, s := range sizes {
		v.Shape = append(v.Shape, tensor.Dim{Size: s})
	}
	return v
}

// The decoders under test are all for this input.
const (
	testWidth, testHeight = 128, 64
	testCells             = 16*8 + 8*4 + 4*2
)

// thing is what a model is made to say.
type thing struct {
	x1, y1, x2, y2 float32
	class          int
	score          float32
}

func randomThing(rng *rand.Rand, classes int) thing {
	cx, cy, w, h := rng.Float32()*testWidth, rng.Float32()*testHeight, 1+rng.Float32()*60, 1+rng.Float32()*60
	return thing{cx - w/2, cy - h/2, cx + w/2, cy + h/2, rng.IntN(classes), .5 + rng.Float32()*.49}
}

func (t thing) centre() [4]float32 {
	return [4]float32{(t.x1 + t.x2) / 2, (t.y1 + t.y2) / 2, t.x2 - t.x1, t.y2 - t.y1}
}

// share is the same as a share of the input.
func share(b [4]float32) [4]float32 {
	return [4]float32{b[0] / testWidth, b[1] / testHeight, b[2] / testWidth, b[3] / testHeight}
}

// subject is a decoder with what a model of its family says when it finds
// nothing, and how it says that it finds something in place i.
type subject struct {
	name    string
	decoder Decoder
	classes int
	places  int
	silent  func() []Output
	say     func(o []Output, i int, t thing)
	// index is the Candidate.Index of a class in place i; nil: i.
	index func(i, class int) int
}

func zeros(shape ...int64) Output { return Output{shape, make([]float32, tensor.Len(shape))} }

func constant(v float32, shape ...int64) Output {
	o := zeros(shape...)
	for i := range o.Values {
		o.Values[i] = v
	}
	return o
}

func row(o Output, i int) []float32 {
	n := len(o.Values) / int(o.Shape[0])
	return o.Values[i*n:][:n]
}

func logOf(v float32) float32 { return float32(math.Log(float64(v))) }

// inverse of the softmax over n logits of which all others are 0.
func softmaxLogit(score float32, n int) float32 {
	return logOf(score / (1 - score) * float32(n-1))
}

func subjects() []subject {
	grid := newYOLOXDecoder(testWidth, testHeight, strideSets[0])
	scoredRow := func(scale func([4]float32) [4]float32) func([]Output, int, thing) {
		return func(o []Output, i int, t thing) {
			r := row(o[0], i)
			clear(r)
			b := scale(t.centre())
			copy(r, b[:])
			r[boxHead+t.class] = t.score
		}
	}
	same := func(b [4]float32) [4]float32 { return b }
	ssd := func(boxes Boxes, write func(t thing) [4]float32) subject {
		return subject{
			name: "ssd " + string(boxes), decoder: ssdDecoder{boxes, testWidth, testHeight}, classes: 90, places: 20,
			silent: func() []Output { return []Output{zeros(20, 4), zeros(20), zeros(20), constant(20, 1)} },
			say: func(o []Output, i int, t thing) {
				b := write(t)
				copy(row(o[0], i), b[:])
				o[1].Values[i], o[2].Values[i] = t.score, float32(t.class)
			},
		}
	}
	return []subject{
		{
			name: "yolox", decoder: grid, classes: 3, places: testCells,
			silent: func() []Output { return []Output{zeros(testCells, 8)} },
			say: func(o []Output, i int, t thing) {
				r, c, b := row(o[0], i), grid.cells[i], t.centre()
				clear(r)
				copy(r, []float32{b[0]/c.stride - c.x, b[1]/c.stride - c.y, logOf(b[2] / c.stride), logOf(b[3] / c.stride), 1})
				r[rowHead+t.class] = t.score
			},
		},
		{
			name: "yolov5", decoder: yolov5Decoder{}, classes: 4, places: 3 * testCells,
			silent: func() []Output { return []Output{zeros(3*testCells, 9)} },
			say: func(o []Output, i int, t thing) {
				r, b := row(o[0], i), t.centre()
				clear(r)
				copy(r, b[:])
				r[4], r[rowHead+t.class] = t.score, 1
			},
		},
		{
			name: "yolov8", decoder: yolov8Columns{}, classes: 5, places: testCells,
			silent: func() []Output { return []Output{zeros(9, testCells)} },
			say: func(o []Output, i int, t thing) {
				for k, v := range t.centre() {
					o[0].Values[k*testCells+i] = v
				}
				for c := range 5 {
					o[0].Values[(boxHead+c)*testCells+i] = 0
				}
				o[0].Values[(boxHead+t.class)*testCells+i] = t.score
			},
		},
		{
			name: "yolov8, transposed", decoder: yolov8Rows{}, classes: 5, places: testCells,
			silent: func() []Output { return []Output{zeros(testCells, 9)} },
			say:    scoredRow(same),
		},
		{
			name: "yolov10", decoder: yolov10Decoder{}, classes: 80, places: 30,
			silent: func() []Output { return []Output{zeros(30, rowEnd)} },
			say: func(o []Output, i int, t thing) {
				copy(row(o[0], i), []float32{t.x1, t.y1, t.x2, t.y2, t.score, float32(t.class)})
			},
		},
		{
			name: "rtdetr", decoder: sigmoidQueries{testWidth, testHeight}, classes: 6, places: 30,
			silent: func() []Output { return []Output{constant(-9, 30, 6), zeros(30, 4)} },
			say: func(o []Output, i int, t thing) {
				for c := range 6 {
					row(o[0], i)[c] = -9
				}
				row(o[0], i)[t.class] = logit(t.score)
				b := share(t.centre())
				copy(row(o[1], i), b[:])
			},
			index: func(i, class int) int { return i*6 + class },
		},
		{
			name: "rtdetr in rows", decoder: scoredQueries{testWidth, testHeight}, classes: 6, places: 30,
			silent: func() []Output { return []Output{zeros(30, 10)} },
			say:    scoredRow(share),
		},
		{
			name: "detr", decoder: softmaxQueries{testWidth, testHeight}, classes: 6, places: 30,
			silent: func() []Output {
				o := []Output{zeros(30, 7), zeros(30, 4)}
				for i := range 30 {
					row(o[0], i)[6] = 9
				}
				return o
			},
			say: func(o []Output, i int, t thing) {
				clear(row(o[0], i))
				row(o[0], i)[t.class] = softmaxLogit(t.score, 7)
				b := share(t.centre())
				copy(row(o[1], i), b[:])
			},
		},
		ssd(YXYX, func(t thing) [4]float32 {
			return [4]float32{t.y1 / testHeight, t.x1 / testWidth, t.y2 / testHeight, t.x2 / testWidth}
		}),
		ssd(XYXY, func(t thing) [4]float32 { return share([4]float32{t.x1, t.y1, t.x2, t.y2}) }),
		ssd(Pixels, func(t thing) [4]float32 { return [4]float32{t.x1, t.y1, t.x2, t.y2} }),
	}
}

func evenly(classes int, v float32) Thresholds {
	t := Thresholds{Class: make([]float32, classes), Other: float32(math.Inf(1)), Floor: v}
	for i := range t.Class {
		t.Class[i] = v
	}
	return t
}

func (s subject) indexOf(i, class int) int {
	if s.index == nil {
		return i
	}
	return s.index(i, class)
}

func (t thing) candidate() nms.Candidate {
	return nms.Candidate{X1: t.x1, Y1: t.y1, X2: t.x2, Y2: t.y2, Score: t.score, Class: int32(t.class)}
}
