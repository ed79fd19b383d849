// Package tensor has the nouns of a model's inputs and outputs, the same for
// every runtime: types, shapes, and values in memory.
package tensor

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// Model is what a model says of itself.
type Model struct {
	Inputs  []Value
	Outputs []Value
	// Metadata is free text by key, such as the names of the classes.
	Metadata map[string]string
}

// Value is one input or output of a model.
type Value struct {
	Name string
	Type Type
	// Shape has one entry per dimension; nil when the model does not say.
	Shape []Dim
}

// Dim is one dimension: a size, or, when Size is 0, one that the caller
// chooses, possibly with a name.
type Dim struct {
	Size int64
	Name string
}

// Type is ONNX's number for the type of a tensor's values; 0 when the value is
// no tensor.
type Type int64

// The element types that models for pictures use.
const (
	Float32 Type = 1
	Uint8   Type = 2
	Int32   Type = 6
	Int64   Type = 7
	Float16 Type = 10
	Float64 Type = 11
)

var typeNames = map[Type]string{
	1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
	8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}

// String is the type's usual name, such as "float32".
func (t Type) String() string {
	if n, ok := typeNames[t]; ok {
		return n
	}
	return "type " + strconv.FormatInt(int64(t), 10)
}

// Size is the bytes of one value; 0 for types that pictures and boxes are not
// made of.
func (t Type) Size() int {
	switch t {
	case Uint8:
		return 1
	case Float16:
		return 2
	case Float32, Int32:
		return 4
	case Int64, Float64:
		return 8
	}
	return 0
}

// String is the value as messages show it: `images float32 [batch, 3, 416, 416]`.
func (v Value) String() string {
	if v.Shape == nil {
		return fmt.Sprintf("%s %s [unknown shape]", v.Name, v.Type)
	}
	dims := make([]string, len(v.Shape))
	for i, d := range v.Shape {
		switch {
		case d.Size > 0:
			dims[i] = strconv.FormatInt(d.Size, 10)
		case d.Name != "":
			dims[i] = d.Name
		default:
			dims[i] = "?"
		}
	}
	return fmt.Sprintf("%s %s [%s]", v.Name, v.Type, strings.Join(dims, ", "))
}

// Tensor is values in memory, little-endian, the last dimension densest.
type Tensor struct {
	Type  Type
	Shape []int64
	// Data is aligned for the type's values.
	Data []byte
}

// Len is the number of values of a shape; 1 without dimensions.
func Len(shape []int64) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}

// Element is a type of Go whose values lie in memory as those of a Type:
// float32, uint8, or uint16 for the bits of a float16.
type Element interface {
	~float32 | ~float64 | ~uint8 | ~uint16 | ~int32 | ~int64
}

// Make returns zeroed bytes for n values of t, aligned for any type.
func Make(t Type, n int) []byte {
	words := make([]uint64, (n*t.Size()+7)/8)
	return Bytes(words)[:n*t.Size()]
}

// View is the bytes as values of T, in place. They must be aligned.
func View[T Element](data []byte) []T {
	var one T
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/int(unsafe.Sizeof(one)))
}

// Bytes is the values as bytes, in place.
func Bytes[T Element | ~uint64](values []T) []byte {
	var one T
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(one)))
}
