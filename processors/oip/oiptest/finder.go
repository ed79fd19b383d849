package oiptest

import (
	"math"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Finder is a detector of the YOLOX family with a 64×64 input and 2 classes. In
// every picture it finds one thing of class 1, at FinderBox of the input, as sure
// of it as the picture is bright.
type Finder struct {
	// Batch is a fixed batch dimension; 0: open.
	Batch int64
	// Most, if not 0, is the largest batch that it takes.
	Most int64
}

// FinderBox is what is found, in pixels of the input: x1, y1, x2, y2.
var FinderBox = [4]float32{16, 24, 40, 56}

const (
	finderSide    = 64
	finderRows    = 64 + 16 + 4 // a row for each cell of 8, 16 and 32 pixels
	finderColumns = 5 + 2
)

// Describe says what the model takes and gives.
func (f Finder) Describe() tensor.Model {
	dims := func(sizes ...int64) (dims []tensor.Dim) {
		for _, size := range sizes {
			dims = append(dims, tensor.Dim{Size: size})
		}
		return dims
	}
	return tensor.Model{
		Inputs:  []tensor.Value{{Name: "images", Type: tensor.Float32, Shape: dims(f.Batch, 3, finderSide, finderSide)}},
		Outputs: []tensor.Value{{Name: "output", Type: tensor.Float32, Shape: dims(f.Batch, finderRows, finderColumns)}},
	}
}

// Infer finds.
func (f Finder) Infer(inputs []tensor.Tensor) ([]tensor.Tensor, error) {
	n := inputs[0].Shape[0]
	if f.Most != 0 && n > f.Most {
		return nil, TooLarge{n, f.Most}
	}
	pixels := tensor.View[float32](inputs[0].Data)
	out := tensor.Make(tensor.Float32, int(n)*finderRows*finderColumns)
	rows := tensor.View[float32](out)
	for i := range int(n) {
		one := pixels[i*3*finderSide*finderSide:][:3*finderSide*finderSide]
		// The first row is that of the 8 pixel cell in the corner.
		copy(rows[i*finderRows*finderColumns:], finderRow(mean(one)/255))
	}
	return []tensor.Tensor{{Type: tensor.Float32, Shape: []int64{n, finderRows, finderColumns}, Data: out}}, nil
}

// finderRow is the box as YOLOX says it: centre and the size's logarithm in
// cells, objectness, a score for each class.
func finderRow(sure float32) []float32 {
	const cell = 8
	b := FinderBox
	size := func(v float32) float32 { return float32(math.Log(float64(v / cell))) }
	return []float32{(b[0] + b[2]) / 2 / cell, (b[1] + b[3]) / 2 / cell, size(b[2] - b[0]), size(b[3] - b[1]), sure, 0, 1}
}

func mean(values []float32) float32 {
	var sum float64
	for _, v := range values {
		sum += float64(v)
	}
	return float32(sum / float64(len(values)))
}
