package modelfile

import (
	"fmt"
	"slices"
)

// Field numbers of onnx.proto on the way to every tensor of a model.
const (
	modelFunctions                  = 25
	functionNode, functionAttribute = 7, 11

	graphNode, graphSparse = 1, 15

	nodeAttribute                     = 5
	attributeTensor, attributeGraph   = 5, 6
	attributeTensors, attributeGraphs = 10, 11
	attributeSparse, attributeSparses = 22, 23
	sparseValues, sparseIndices       = 1, 2

	tensorExternal = 13
)

const (
	maxExternal = 4096
	// maxNesting bounds graphs within nodes within graphs.
	maxNesting = 32
)

// walk collects the files that tensors keep their values in.
type walk struct {
	files []string
	depth int
}

func (w *walk) graph(f field) error {
	if w.depth++; w.depth > maxNesting {
		return fmt.Errorf("graphs nested more than %d deep", maxNesting)
	}
	defer func() { w.depth-- }()
	return f.each(func(f field) error {
		switch f.number {
		case graphNode:
			return w.node(f)
		case graphInitializer:
			return w.tensor(f)
		case graphSparse:
			return w.sparse(f)
		}
		return nil
	})
}

func (w *walk) function(f field) error {
	return f.each(func(f field) error {
		switch f.number {
		case functionNode:
			return w.node(f)
		case functionAttribute:
			return w.attribute(f)
		}
		return nil
	})
}

func (w *walk) node(f field) error {
	return f.each(func(f field) error {
		if f.number == nodeAttribute {
			return w.attribute(f)
		}
		return nil
	})
}

func (w *walk) attribute(f field) error {
	return f.each(func(f field) error {
		switch f.number {
		case attributeTensor, attributeTensors:
			return w.tensor(f)
		case attributeGraph, attributeGraphs:
			return w.graph(f)
		case attributeSparse, attributeSparses:
			return w.sparse(f)
		}
		return nil
	})
}

func (w *walk) sparse(f field) error {
	return f.each(func(f field) error {
		if f.number == sparseValues || f.number == sparseIndices {
			return w.tensor(f)
		}
		return nil
	})
}

func (w *walk) tensor(f field) error {
	return f.each(func(f field) error {
		if f.number != tensorExternal {
			return nil
		}
		key, value, err := entry(f)
		if err != nil || key != "location" || slices.Contains(w.files, value) {
			return err
		}
		if len(w.files) >= maxExternal {
			return fmt.Errorf("weights in more than %d files", maxExternal)
		}
		w.files = append(w.files, value)
		return nil
	})
}
