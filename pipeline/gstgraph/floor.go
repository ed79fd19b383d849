package gstgraph

import (
	"github.com/nvpipe/nvpipe/pipeline"
)

// BuildFloor makes what the way through Go is measured against: the same
// source and decoder in one C pipeline, with a queue where appsink, Go and
// appsrc would be. Only Counts tells how far it is.
func BuildFloor(source pipeline.Source, handler pipeline.GraphHandler) (pipeline.Graph, error) {
	return build(source, pipeline.GraphSettings{}, handler, (*graph).buildFloor)
}

func (g *graph) buildFloor() error {
	chain, err := g.elements.chain(g.in,
		step{"videoconvert", convertProps()},
		step{"queue", props{"max-size-buffers": maxQueued, "max-size-bytes": 0, "max-size-time": 0}},
		step{"fakesink", discardProps()})
	if err == nil {
		g.convert = chain[0]
	}
	return err
}
