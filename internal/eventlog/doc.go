// Package eventlog writes what processors find as lines of JSON, to a file or
// to standard output. docs/events.md is the description for readers of those
// lines.
//
// A Registry owns the open logs, one for each path however many feeds write to
// it. A Writer is one feed's end of a log. Deliver encodes a line into the
// log's buffer and never waits; one goroutine per log carries the buffer to the
// disk. What does not fit into the buffer is dropped, newest first, and counted.
//
// While the disk refuses, the log keeps what it has, tries again every Retry
// and reports its state; nobody else notices. Lines are whole whatever happens
// between: a write that fails in the middle is taken back or continued.
package eventlog
