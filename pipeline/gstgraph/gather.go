package gstgraph

// #include "shim.h"
import "C"

import "time"

// Gather lets the frames of all graphs enter Go together, at most limit after
// they arrived. With many feeds that saves most of what the way into Go costs;
// with few it only adds the delay. 0, as at the start: every frame enters at
// once, on its own streaming thread. Call it before any graph is built.
//
// While it is on, one thread calls every graph's OnFrame.
func Gather(limit time.Duration) {
	Init()
	C.nv_gather_set(C.int64_t(limit.Microseconds()))
}

// endGatheringLimit bounds the wait for a handler that has just been given a frame.
const endGatheringLimit = time.Second

// endGathering takes the graph's frames out that have not been handed over.
func (g *graph) endGathering() bool {
	return C.nv_gather_end(g.c, C.int64_t(endGatheringLimit.Microseconds())) != 0
}
