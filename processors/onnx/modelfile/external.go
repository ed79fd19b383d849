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

	nodeOperator, nodeAttribute                    = 4, 5
	attributeName, attributeInteger, attributeText = 1, 3, 4
	attributeTensor, attributeGraph                = 5, 6
	attributeTensors, attributeGraphs              = 10, 11
	attributeSparse, attributeSparses              = 22, 23
	sparseValues, sparseIndices                    = 1, 2

	tensorExternal = 13
)

const (
	maxExternal = 4096
	// maxNesting bounds graphs within nodes within graphs.
	maxNesting = 32
)

// walk collects the files that a model keeps weights or compiled parts in.
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
	if err := w.compiled(f.again()); err != nil {
		return err
	}
	return f.each(func(f field) error {
		if f.number == nodeAttribute {
			return w.attribute(f)
		}
		return nil
	})
}

// compiled looks for the file of a node that an accelerator has compiled: it
// is kept in the node itself unless embed_mode says 0.
func (w *walk) compiled(f field) error {
	var operator string
	var cache field
	embedded := int64(1)
	err := f.each(func(f field) (err error) {
		switch f.number {
		case nodeOperator:
			operator, err = f.text()
		case nodeAttribute:
			name, text, integer, e := plain(f)
			switch name {
			case "ep_cache_context":
				cache = text
			case "embed_mode":
				embedded = int64(integer.value)
			}
			err = e
		}
		return err
	})
	if err != nil || operator != "EPContext" || embedded != 0 || cache.bytes == nil {
		return err
	}
	file, err := cache.text()
	if err != nil {
		return err
	}
	return w.add(file)
}

// plain is an attribute's name, and its text or number where it has one.
func plain(f field) (name string, text, integer field, err error) {
	err = f.each(func(f field) (err error) {
		switch f.number {
		case attributeName:
			name, err = f.text()
		case attributeInteger:
			integer = f
		case attributeText:
			text = f
		}
		return err
	})
	return name, text, integer, err
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
		if err != nil || key != "location" {
			return err
		}
		return w.add(value)
	})
}

func (w *walk) add(file string) error {
	if slices.Contains(w.files, file) {
		return nil
	}
	if len(w.files) >= maxExternal {
		return fmt.Errorf("weights in more than %d files", maxExternal)
	}
	w.files = append(w.files, file)
	return nil
}
