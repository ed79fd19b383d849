// Package modelfile reads what an ONNX file says of itself - inputs, outputs,
// opsets, metadata - without a runtime and without reading the weights, so
// that a wrong file is refused with a clear error before native code sees it.
package modelfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Model is the description at the head of an ONNX file.
type Model struct {
	IRVersion int64
	Producer  string
	// Opset is the version of the standard operator set.
	Opset int64
	// External are the files that weights are kept in beside this one, as the
	// model names them: not checked in any way.
	External []string
	tensor.Model
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
