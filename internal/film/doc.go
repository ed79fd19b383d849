// Package film writes a feed's annotated film: encoded pictures into fragmented
// MP4 files.
//
// A Writer is one feed's. Write puts a packet into a bounded queue and never
// waits; one goroutine carries the queue to the disk. A file is written in
// parts of about a second, each complete in itself, so that whatever ends the
// program costs the last part and no more. A new file begins at a keyframe when
// the old one has reached its size or duration, when the picture's size or the
// encoder's parameters change, and after a gap in the stream.
//
// Every packet is counted once: written, or dropped with a reason. While the
// disk refuses, Wanted is false, so that nothing is encoded in vain, and a small
// file is tried every Retry.
package film
