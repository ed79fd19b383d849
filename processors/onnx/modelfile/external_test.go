package modelfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func outsideTensor(n int, file string) []byte {
	return bytesField(n, text(initializerName, "w"+file),
		bytesField(tensorExternal, text(entryKey, "offset"), text(entryVal, "0")),
		bytesField(tensorExternal, text(entryKey, "location"), text(entryVal, file)))
}

func modelOf(parts ...[]byte) []byte {
	body := append(parts, tensorValue(graphInput, "x", 1, fixedDim(1)), tensorValue(graphOutput, "y", 1, fixedDim(1)))
	return bytesField(modelGraph, body...)
}

func parsed(data []byte) (*Model, error) {
	return parse(newMessage(bytes.NewReader(data), int64(len(data))))
}

// Wherever a tensor may stand in a model, its file is found.
func TestFilesOutside(t *testing.T) {
	attribute := func(body []byte) []byte { return bytesField(graphNode, bytesField(nodeAttribute, body)) }
	inner := func(n int) []byte { return bytesField(n, outsideTensor(graphInitializer, "inner")) }
	sparse := func(n int) []byte {
		return bytesField(n, outsideTensor(sparseValues, "values"), outsideTensor(sparseIndices, "indices"))
	}
	function := bytesField(modelFunctions,
		bytesField(functionNode, bytesField(nodeAttribute, outsideTensor(attributeTensor, "of a node"))),
		bytesField(functionAttribute, outsideTensor(attributeTensor, "of a default")))
	compiled := func(operator string, mode uint64) []byte {
		return bytesField(graphNode, text(nodeOperator, operator),
			bytesField(nodeAttribute, text(attributeText, "engine.bin"), text(attributeName, "ep_cache_context")),
			bytesField(nodeAttribute, number(attributeInteger, mode), text(attributeName, "embed_mode")))
	}
	for name, c := range map[string]struct {
		model []byte
		want  []string
	}{
		"compiled":               {modelOf(compiled("EPContext", 0)), []string{"engine.bin"}},
		"compiled, in the model": {modelOf(compiled("EPContext", 1)), nil},
		"another operator":       {modelOf(compiled("Other", 0)), nil},
		"none":                   {modelOf(), nil},
		"initializer":            {modelOf(outsideTensor(graphInitializer, "a"), outsideTensor(graphInitializer, "b"), outsideTensor(graphInitializer, "a")), []string{"a", "b"}},
		"sparse":                 {modelOf(sparse(graphSparse)), []string{"values", "indices"}},
		"constant":               {modelOf(attribute(outsideTensor(attributeTensor, "c"))), []string{"c"}},
		"constants":              {modelOf(attribute(outsideTensor(attributeTensors, "c"))), []string{"c"}},
		"branch":                 {modelOf(attribute(inner(attributeGraph))), []string{"inner"}},
		"branches":               {modelOf(attribute(inner(attributeGraphs))), []string{"inner"}},
		"sparse constant":        {modelOf(attribute(sparse(attributeSparse))), []string{"values", "indices"}},
		"sparse constants":       {modelOf(attribute(sparse(attributeSparses))), []string{"values", "indices"}},
		"function":               {slices.Concat(modelOf(), function), []string{"of a node", "of a default"}},
	} {
		m, err := parsed(c.model)
		if err != nil || !slices.Equal(m.External, c.want) {
			t.Errorf("%s: %v, %v; want %q", name, m, err, c.want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	graph := outsideTensor(graphInitializer, "w")
	for range maxNesting {
		graph = bytesField(graphNode, bytesField(nodeAttribute, bytesField(attributeGraph, graph)))
	}
	if _, err := parsed(modelOf(graph)); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("error is %v", err)
	}
}

func TestFilesAreBounded(t *testing.T) {
	var all [][]byte
	for i := range maxExternal + 1 {
		all = append(all, outsideTensor(graphInitializer, fmt.Sprint(i)))
	}
	if _, err := parsed(modelOf(all...)); err == nil || !strings.Contains(err.Error(), "files") {
		t.Errorf("error is %v", err)
	}
}
