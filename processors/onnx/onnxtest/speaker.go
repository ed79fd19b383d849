package onnxtest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// ONNX's numbers for the types of values.
const (
	Float32 = 1
	Uint8   = 2
	Int64   = 7
	Float16 = 10
)

// Speaker describes a model of any family: it says of every picture what it is
// told to, by the mean of the input's values.
type Speaker struct {
	// Batch is the batch dimension; 0: open.
	Batch         int
	Width, Height int
	// Type is the input's; 0: Float32.
	Type int
	// ChannelsLast makes the input NHWC.
	ChannelsLast bool
	// OpenSize leaves the input's size out of the description.
	OpenSize bool
	Outputs  []Speech
	Metadata map[string]string
}

// Speech is one output: Base, plus Gain times the mean of the input.
type Speech struct {
	Name string
	// Type is the output's; 0: Float32.
	Type int
	// Shape is without the batch.
	Shape []int
	// Open leaves the shape out of the description.
	Open bool
	// Base and Gain have a value for each of the shape's; Gain nil: 0.
	Base, Gain []float32
}

// Called is the same under another name.
func (o Speech) Called(name string) Speech {
	o.Name = name
	return o
}

// Of is the same of another type.
func (o Speech) Of(typ int) Speech {
	o.Type = typ
	return o
}

// Transposed is a speech of two dimensions with the two exchanged.
func (o Speech) Transposed() Speech {
	rows, columns := o.Shape[0], o.Shape[1]
	flip := func(v []float32) []float32 {
		flipped := make([]float32, len(v))
		for i, x := range v {
			flipped[i%columns*rows+i/columns] = x
		}
		return flipped
	}
	o.Shape, o.Base, o.Gain = []int{columns, rows}, flip(o.Base), flip(o.Gain)
	return o
}

// Bytes is the model as an ONNX file.
func (s Speaker) Bytes() []byte {
	typ := max(s.Type, Float32)
	parts := [][]byte{
		text(2, "speaker"),
		typedValue(11, "images", typ, s.input()...),
		node("Cast", []string{"images"}, "levels", integer("to", Float32)),
		node("ReduceMean", []string{"levels"}, "mean", ints("axes", 1, 2, 3), integer("keepdims", 1)),
	}
	for i, o := range s.Outputs {
		parts = append(parts, o.parts(i, s.Batch)...)
	}
	file := [][]byte{number(1, 7), text(2, "nvpipe"), message(7, parts...), message(8, text(1, ""), number(2, 12))}
	for key, value := range s.Metadata {
		file = append(file, message(14, text(1, key), text(2, value)))
	}
	return slices.Concat(file...)
}

func (s Speaker) input() []int {
	width, height := s.Width, s.Height
	if s.OpenSize {
		width, height = 0, 0
	}
	if s.ChannelsLast {
		return []int{s.Batch, height, width, 3}
	}
	return []int{s.Batch, 3, height, width}
}

// parts are the nodes, weights and description of output i.
func (o Speech) parts(i, batch int) [][]byte {
	name := func(what string) string { return fmt.Sprintf("%s%d", what, i) }
	gain := o.Gain
	if gain == nil {
		gain = make([]float32, len(o.Base))
	}
	typ := max(o.Type, Float32)
	described := append([]int{batch}, o.Shape...)
	if o.Open {
		clear(described[1:])
	}
	parts := [][]byte{
		weight(name("base"), o.Base, append([]int{1}, o.Shape...)),
		weight(name("gain"), gain, append([]int{1}, o.Shape...)),
		typedValue(12, o.Name, typ, described...),
	}
	level := "mean"
	if axes := []int{1, 2, 3}[len(o.Shape):]; len(axes) > 0 {
		level = name("level")
		parts = append(parts, node("Squeeze", []string{"mean"}, level, ints("axes", axes...)))
	}
	return append(parts,
		node("Mul", []string{name("gain"), level}, name("product")),
		node("Add", []string{name("product"), name("base")}, name("sum")),
		node("Cast", []string{name("sum")}, o.Name, integer("to", typ)),
	)
}

func weight(name string, values []float32, dims []int) []byte {
	var parts [][]byte
	for _, n := range dims {
		parts = append(parts, number(1, n))
	}
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return message(5, append(parts, number(2, Float32), text(8, name), message(9, data))...)
}

// typedValue declares an input or output; a dimension of 0 is open.
func typedValue(field int, name string, typ int, dims ...int) []byte {
	var shape [][]byte
	for i, n := range dims {
		dim := number(1, n)
		if n == 0 {
			dim = text(2, fmt.Sprintf("d%d", i))
		}
		shape = append(shape, message(1, dim))
	}
	return message(field, text(1, name), message(2, message(1, number(1, typ), message(2, shape...))))
}
