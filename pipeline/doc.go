// Package pipeline is one camera without the media library: its life, its
// frames on their way to the processors and back, and its books.
//
// A [Feed] supervises one camera for as long as it is configured. It builds a
// [Graph] per connection, watches it with its own clock, and builds the next
// one after a pause when it fails. The frames a graph hands over are numbered,
// put onto the feed's continuous clock and offered to each processor; what
// comes back goes on to the continuations: an annotated stream inside the
// graph, and taps for events.
//
// The package is pure Go and knows a graph by interface only; pipeline/gstgraph
// has the real one and pipeline/graphtest a scripted one.
package pipeline
