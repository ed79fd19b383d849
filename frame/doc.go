// Package frame holds the nouns of the data path: what a camera feed, a
// decoded picture, a batch entry and its result are. Every other package
// speaks in these types, so that batching, processors, feed logic and the
// media graph need not know each other. It imports the standard library only.
//
// # Ownership of pictures
//
// A [Frame] refers to the decoder's own memory; nothing on the way from the
// decoder to a processor and on to a continuation copies it. It is reference
// counted: whoever keeps a *Frame past the call that handed it over calls
// [Frame.Retain] first and [Frame.Release] once when done. After the last
// Release the memory goes back to the decoder's pool and Planes are nil.
// Holding frames starves the decoder (pools have 4–8 buffers), so every holder
// is bounded.
//
// # Boxes and times
//
// Boxes are normalised to 0–1 of the full picture, x right, y down. PTS is a
// position on the feed's own stream clock, strictly increasing, also across
// reconnects. Wall-clock time is a separate label that says its source.
package frame
