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
// # A feed's states
//
// A connection goes from Connecting (until the first packet, at most
// connect_limit) over WaitingKeyframe (until the first frame, at most
// first_frame_limit) to Live. Live ends by an error, by an end of the stream,
// or by the feed's own clock: a camera that goes silent is no error to the
// media library, so no frame for the stall limit is Stalled. Packets without
// frames are WaitingKeyframe again. Whatever ended it, BackingOff follows, with
// a pause by reason, and the next Connecting. Only a request or the end of a
// film leads to Stopped.
//
// Cameras connect in turns, see [Ramp]; one that waits is Connecting, queued.
//
// # The books
//
// Each frame that leaves the decoder gets exactly one outcome for each of the
// feed's processors. [Feed.Decoded] is counted in the graph, [Feed.Ledger]
// where the outcomes are decided, and neither is derived from the other: at
// rest their equality is the proof that no frame is lost unseen.
//
// # Cascades
//
// A processor with [CropConfig] follows another one of the feed: it is offered a
// frame when that one has decided about it, and gets crops of what was found, as
// one submission in parts. Its books count frames like all others: one that the
// first did not deliver, or found nothing in, is skipped there. What it waits for
// is what the first has pending, so no frame can be lost between the two. The
// answers for a frame's crops become one result, each detection with its parent.
//
// # Goroutines
//
// Run is one goroutine and owns the feed's state. Frames come in on the
// decoder's streaming thread and answers on the coordinators' goroutines; both
// do bookkeeping under one short lock, and whoever makes a frame ready pushes it
// into the graph's continuation after that lock, one at a time. Push does not
// block: waking a goroutine for it would cost more than the push.
//
// The package is pure Go and knows a graph by interface only; pipeline/gstgraph
// has the real one and pipeline/graphtest a scripted one.
package pipeline
