// Package onnxtest makes tiny ONNX models for tests: detectors with the shape
// of YOLOX whose answer to a picture is known, so that the way from picture to
// box can be tested without a real model.
package onnxtest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Detector describes a model with one YOLOX row per 8, 16 and 32 pixel cell
// of its input. It finds Boxes in every picture, each with the picture's mean
// level (of the letterboxed input) / 255 as objectness and 1 as class score.
type Detector struct {
	// Batch is the batch dimension; 0: open.
	Batch         int
	Width, Height int
	Classes       int
	Boxes         []Box
	// Input is ONNX's number for the type of the input's values; 0: float32.
	Input int
	// Constant, if set, is added to every value of the output; NaN makes a
	// model that has gone mad.
	Constant float32
	// OpenOutput leaves the output's rows and columns out of the description.
	OpenOutput bool
	// MoreRows are given beyond what YOLOX would give.
	MoreRows int
	// External, if set, is the file that the model keeps Weights in.
	External string
	// Opset is the version of the operators; 0: 12.
	Opset int
	// MoreInputs are declared and used by nothing.
	MoreInputs int
	// OpenSize leaves the input's height and width out of the description.
	OpenSize bool
	// Operator, if set, takes the place of the last node's, to make a model
	// that describes itself well and cannot be loaded.
	Operator string
}

// Box is where a Detector finds something, in pixels of the input.
type Box struct {
	X1, Y1, X2, Y2 float32
	Class          int
}

// Bytes is the model as an ONNX file.
func (d Detector) Bytes() []byte {
	rows, columns := d.shape()
	base, mask := d.weights()
	last := "Add"
	if d.Operator != "" {
		last = d.Operator
	}
	described := []int{d.Batch, rows, columns}
	if d.OpenOutput {
		described = []int{d.Batch, 0, 0}
	}
	size := []int{d.Height, d.Width}
	if d.OpenSize {
		size = []int{0, 0}
	}
	parts := [][]byte{
		node("Cast", []string{"images"}, "levels", integer("to", float32Type)),
		node("ReduceMean", []string{"levels"}, "mean", ints("axes", 1, 2, 3), integer("keepdims", 1)),
		node("Squeeze", []string{"mean"}, "level", ints("axes", 3)),
		node("Mul", []string{"mask", "level"}, "objectness"),
		node(last, []string{"objectness", "rows"}, "output"),
		text(2, "detector"),
		d.tensor("rows", 0, base, 1, rows, columns),
		d.tensor("mask", 4*len(base), mask, 1, rows, columns),
		value(11, "images", cmp.Or(d.Input, float32Type), d.Batch, 3, size[0], size[1]),
		value(12, "output", float32Type, described...),
	}
	for i := range d.MoreInputs {
		parts = append(parts, value(11, fmt.Sprintf("more%d", i), float32Type, d.Batch, 1))
	}
	opset := message(8, text(1, ""), number(2, cmp.Or(d.Opset, 12)))
	return slices.Concat(number(1, 7), text(2, "nvpipe"), message(7, parts...), opset)
}

// Weights is what the file External must hold.
func (d Detector) Weights() []byte {
	base, mask := d.weights()
	return append(raw(base), raw(mask)...)
}

func (d Detector) shape() (rows, columns int) {
	rows = (d.Width/8)*(d.Height/8) + (d.Width/16)*(d.Height/16) + (d.Width/32)*(d.Height/32) + d.MoreRows
	return rows, 5 + d.Classes
}

func (d Detector) weights() (base, mask []float32) {
	rows, columns := d.shape()
	base, mask = make([]float32, rows*columns), make([]float32, rows*columns)
	for i := range base {
		base[i] = d.Constant
	}
	for _, b := range d.Boxes {
		d.place(base, mask, columns, b)
	}
	return base, mask
}

// place writes a box into the row of the 8 pixel cell at its centre.
func (d Detector) place(base, mask []float32, columns int, b Box) {
	const stride = 8
	cx, cy := (b.X1+b.X2)/2, (b.Y1+b.Y2)/2
	x, y := int(cx/stride), int(cy/stride)
	at := (y*(d.Width/stride) + x) * columns
	log := func(v float32) float32 { return float32(math.Log(float64(v / stride))) }
	copy(base[at:], []float32{cx/stride - float32(x), cy/stride - float32(y), log(b.X2 - b.X1), log(b.Y2 - b.Y1)})
	base[at+5+b.Class] = 1
	mask[at+4] = 1. / 255
}

// The parts of onnx.proto, by field number.

func node(operator string, inputs []string, output string, attributes ...[]byte) []byte {
	var parts [][]byte
	for _, in := range inputs {
		parts = append(parts, text(1, in))
	}
	parts = append(parts, text(2, output), text(4, operator))
	return message(1, append(parts, attributes...)...)
}

func ints(name string, values ...int) []byte {
	parts := [][]byte{text(1, name), number(20, 7)}
	for _, v := range values {
		parts = append(parts, number(8, v))
	}
	return message(5, parts...)
}

func integer(name string, v int) []byte {
	return message(5, text(1, name), number(20, 2), number(3, v))
}

// tensor is a weight, inside the model or at an offset of its other file.
func (d Detector) tensor(name string, offset int, values []float32, dims ...int) []byte {
	var parts [][]byte
	for _, n := range dims {
		parts = append(parts, number(1, n))
	}
	parts = append(parts, number(2, float32Type), text(8, name))
	data := raw(values)
	if d.External == "" {
		return message(5, append(parts, message(9, data))...)
	}
	for _, pair := range [][2]string{{"location", d.External}, {"offset", fmt.Sprint(offset)}, {"length", fmt.Sprint(len(data))}} {
		parts = append(parts, message(13, text(1, pair[0]), text(2, pair[1])))
	}
	return message(5, append(parts, number(14, 1))...)
}

func raw(values []float32) []byte {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// float32Type is ONNX's number for it.
const float32Type = 1

// value declares an input or output; a dimension of 0 is open.
func value(field int, name string, element int, dims ...int) []byte {
	var shape [][]byte
	for i, d := range dims {
		dim := number(1, d)
		if d == 0 {
			dim = text(2, []string{"batch", "d1", "d2", "d3"}[i])
		}
		shape = append(shape, message(1, dim))
	}
	return message(field, text(1, name), message(2, message(1, number(1, element), message(2, shape...))))
}

// Protobuf's wire format.

func number(field, v int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3), uint64(v))
}

func text(field int, s string) []byte { return message(field, []byte(s)) }

func message(field int, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3|2), uint64(len(body)))
	return append(head, body...)
}
