// Package modelfile reads what an ONNX file says of itself - inputs, outputs,
// opsets, metadata - without a runtime and without reading the weights, so
// that a wrong file is refused with a clear error before native code sees it.
package modelfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Model is the description at the head of an ONNX file.
type Model struct {
	IRVersion int64
	Producer  string
	// Opset is the version of the standard operator set.
	Opset    int64
	Inputs   []Value
	Outputs  []Value
	Metadata map[string]string
}

// Value is one input or output of the graph.
type Value struct {
	Name string
	Type ElementType
	// Shape has one entry per dimension; nil when the file does not say.
	Shape []Dim
}

// Dim is one dimension: a size, or, when Size is 0, one that the caller
// chooses, possibly with a name.
type Dim struct {
	Size int64
	Name string
}

// ElementType is ONNX's number for the type of a tensor's values; 0 when the
// value is no tensor.
type ElementType int64

// The element types that detectors use.
const (
	Float32 ElementType = 1
	Uint8   ElementType = 2
	Float16 ElementType = 10
)

var elementNames = map[ElementType]string{
	1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
	8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}

// String is the type's usual name, such as "float32".
func (e ElementType) String() string {
	if n, ok := elementNames[e]; ok {
		return n
	}
	return "type " + strconv.FormatInt(int64(e), 10)
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

// ErrNotONNX: the file can be read but is no ONNX model, or a broken one.
var ErrNotONNX = errors.New("not a readable ONNX model")

// Read reads the description of the model at path. Errors name the path.
func Read(path string) (*Model, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: %w", path, ErrNotONNX)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: %w", path, ErrNotONNX)
	case info.Size() == 0:
		return nil, fmt.Errorf("%s is empty: %w", path, ErrNotONNX)
	}
	m, err := parse(newMessage(f, info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s is %w", path, err)
	}
	return m, nil
}
