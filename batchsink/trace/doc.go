// Package trace is the file in which a batch coordinator records what its former
// was told and when, and which batches that made, so that they can be formed
// again elsewhere.
//
// A trace is text. Its first line is "nvpipe-trace VERSION " and a [Header] in
// JSON; each line after it is one [Record]:
//
//	kind lane at feed n value entries...
//
// where trailing zeros are left out, or "A" or "S", the lane, the time, and a
// [Line] or [State] in JSON. Times are nanoseconds since the coordinator was made.
// A file begins with the state of every lane, so that each can be replayed without
// the ones before. It holds names of feeds and moments, never pictures, addresses
// or findings.
//
// A [Recorder] writes such files on a goroutine of its own and never holds up who
// records. A [Reader] reads them.
package trace
