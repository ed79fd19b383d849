package modelfile

import (
	"fmt"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Field numbers of onnx.proto that are read here.
const (
	modelIRVersion, modelProducer, modelGraph, modelOpset, modelMetadata = 1, 2, 7, 8, 14

	graphInitializer, graphInput, graphOutput = 5, 11, 12

	initializerName = 8

	valueName, valueType                          = 1, 2
	typeTensor, tensorElement, tensorShape        = 1, 1, 2
	shapeDim, dimSize, dimName                    = 1, 1, 2
	opsetDomain, opsetVersion, entryKey, entryVal = 1, 2, 1, 2
)

// What a file may make us keep.
const (
	maxValues   = 4096
	maxDims     = 32
	maxMetadata = 1024
	maxDimSize  = 1 << 31
)

func parse(top *message) (*Model, error) {
	m := &Model{Model: tensor.Model{Metadata: map[string]string{}}}
	graph := false
	var outside walk
	err := top.each(func(f field) (err error) {
		switch f.number {
		case modelIRVersion:
			m.IRVersion, err = f.integer()
		case modelProducer:
			m.Producer, err = f.text()
		case modelOpset:
			err = m.opset(f)
		case modelGraph:
			graph = true
			if err = outside.graph(f.again()); err == nil {
				err = m.graph(f)
			}
		case modelFunctions:
			err = outside.function(f)
		case modelMetadata:
			err = m.metadata(f)
		}
		return err
	})
	if err == nil && !graph {
		err = fmt.Errorf("no graph inside")
	}
	if err == nil && (len(m.Inputs) == 0 || len(m.Outputs) == 0) {
		err = fmt.Errorf("%d inputs and %d outputs", len(m.Inputs), len(m.Outputs))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotONNX, err)
	}
	m.External = outside.files
	return m, nil
}

func (m *Model) opset(f field) error {
	var domain string
	var version int64
	err := f.each(func(f field) (err error) {
		switch f.number {
		case opsetDomain:
			domain, err = f.text()
		case opsetVersion:
			version, err = f.integer()
		}
		return err
	})
	if domain == "" || domain == "ai.onnx" {
		m.Opset = version
	}
	return err
}

// entry is a pair of texts.
func entry(f field) (key, value string, err error) {
	err = f.each(func(f field) (err error) {
		switch f.number {
		case entryKey:
			key, err = f.text()
		case entryVal:
			value, err = f.text()
		}
		return err
	})
	return key, value, err
}

func (m *Model) metadata(f field) error {
	key, value, err := entry(f)
	if len(m.Metadata) >= maxMetadata {
		return fmt.Errorf("more than %d metadata entries", maxMetadata)
	}
	m.Metadata[key] = value
	return err
}

// graph collects inputs and outputs. Files of older exporters list the weights
// among the inputs; those are no inputs to us.
func (m *Model) graph(f field) error {
	weights := map[string]bool{}
	var inputs []tensor.Value
	err := f.each(func(f field) (err error) {
		switch f.number {
		case graphInitializer:
			err = f.each(func(f field) error {
				if f.number != initializerName {
					return nil
				}
				name, err := f.text()
				weights[name] = true
				return err
			})
		case graphInput:
			inputs, err = appendValue(inputs, f)
		case graphOutput:
			m.Outputs, err = appendValue(m.Outputs, f)
		}
		return err
	})
	for _, in := range inputs {
		if !weights[in.Name] {
			m.Inputs = append(m.Inputs, in)
		}
	}
	return err
}

func appendValue(values []tensor.Value, f field) ([]tensor.Value, error) {
	if len(values) >= maxValues {
		return nil, fmt.Errorf("more than %d inputs or outputs", maxValues)
	}
	var v tensor.Value
	err := f.each(func(f field) (err error) {
		switch f.number {
		case valueName:
			v.Name, err = f.text()
		case valueType:
			err = f.each(func(f field) error {
				if f.number != typeTensor {
					return nil
				}
				return readTensor(&v, f)
			})
		}
		return err
	})
	return append(values, v), err
}

func readTensor(v *tensor.Value, f field) error {
	return f.each(func(f field) (err error) {
		switch f.number {
		case tensorElement:
			var n int64
			n, err = f.integer()
			v.Type = tensor.Type(n)
		case tensorShape:
			v.Shape = []tensor.Dim{}
			err = f.each(func(f field) error {
				if f.number != shapeDim {
					return nil
				}
				return readDim(v, f)
			})
		}
		return err
	})
}

func readDim(v *tensor.Value, f field) error {
	if len(v.Shape) >= maxDims {
		return fmt.Errorf("more than %d dimensions", maxDims)
	}
	var d tensor.Dim
	err := f.each(func(f field) (err error) {
		switch f.number {
		case dimSize:
			d.Size, err = f.integer()
			if d.Size < 0 { // some exporters write −1 for "any"
				d.Size = 0
			}
			if err == nil && d.Size > maxDimSize {
				err = fmt.Errorf("a dimension of %d", d.Size)
			}
		case dimName:
			d.Name, err = f.text()
		}
		return err
	})
	v.Shape = append(v.Shape, d)
	return err
}
